/**
 * What a function does for its job: asks whose the tick is, makes the request that Vercel made, and
 * takes its answer. From 200 to 299 is a success; 408, 425, 429, 5xx and a failed connection are
 * tried again; everything else, redirects included, is not.
 */
import { NonRetriableError, RetryAfterError } from "inngest";

import { skipReason, type Source, tickText } from "./ownership";
import { ask, inApp, type Params, type RouteHandler } from "./routes";

export type Job = {
  id: string;
  path: string;
  schedule: string;
  /** Milliseconds; a tick that could not start for so long is skipped. */
  staleAfter?: number;
  /** The variable that holds the address to ping. */
  heartbeat?: string;
  /** The variable of the secret, where it is not CRON_SECRET. */
  secret?: string;
  /** What Next.js takes off its paths. */
  basePath?: string;
  rehearsal?: { dryRun: string; ignore: string[] };
  guard?: string;
  headers?: Record<string, string>;
};

export type Call = {
  job: Job;
  path: string;
  tick: Date;
  /** Whether the schedule started it, and no person. */
  isScheduled: boolean;
  replays: boolean;
  needsClaim: boolean;
  runId: string;
};

/** `body` is JSON where the answer was, else text; `cut` says that not all of it was kept. */
export type Answer = {
  status: number;
  body: unknown;
  bytes: number;
  cut: boolean;
};

const KEPT = 65_536; // bytes of an answer's body
const QUOTED = 500; // characters of an answer that an error quotes
const MINUTE = 60_000;
const DAY = 86_400; // seconds: the engine waits no longer

type Data = { scheduledAt?: string; cronshift?: string; missed?: boolean };

/** Return the call that a run is for. */
export function callOf(
  job: Job,
  event: { name?: string; ts?: number; data?: unknown },
  runId: string,
): Call {
  const { scheduledAt, cronshift, missed } = Object(event.data) as Data;
  const time = scheduledAt ? Date.parse(scheduledAt) : event.ts;
  const tick = new Date(Math.floor((time ?? 0) / MINUTE) * MINUTE);
  const isScheduled =
    event.name === "inngest/scheduled.timer" && cronshift !== "run";
  const replays = cronshift === "replay";
  const needsClaim = missed === true;
  return { job, path: job.path, tick, isScheduled, replays, needsClaim, runId };
}

/**
 * Return why a run is not to do its work, if it is not. The first step of every run asks, and what
 * it says stands. Vercel's cron calls production only, and Inngest every environment that is synced.
 */
export async function due(call: Call, source: Source): Promise<string | null> {
  const { id, staleAfter = Infinity } = call.job;
  if (call.needsClaim) return "a replay needs claims"; // which there are none of here
  if (!call.isScheduled) return null;
  const name = process.env["CRONSHIFT_ENV"] || process.env["VERCEL_ENV"];
  const allowed = (process.env["CRONSHIFT_RUN_IN"] || "production").split(",");
  const runsHere = allowed.some((each) => ["*", name].includes(each.trim()));
  if (name && !runsHere) return `environment ${name}`;
  const skipped = await skipReason("inngest", id, call.tick, source);
  if (skipped) return skipped;
  const isStale = Date.now() - call.tick.getTime() > staleAfter;
  return isStale ? `stale: due ${tickText(call.tick)}` : null;
}

/** Answer a call by the route's own function, as Vercel's request would be. */
export async function direct(
  handler: RouteHandler,
  call: Call,
  params: Params = {},
): Promise<Answer> {
  const host = process.env["VERCEL_PROJECT_PRODUCTION_URL"] ?? "localhost";
  const forwarded = { "x-forwarded-host": host, "x-forwarded-proto": "https" };
  const headers = { ...headersOf(call), host, ...forwarded };
  const url = `https://${host}${inApp(call.path, call.job.basePath)}`;
  const response = await ask(handler, url, headers, params);
  if (!response) throw new NonRetriableError(`GET ${call.path} gave no answer`);
  return settled(call, response);
}

/** Return the headers of Vercel's cron, with the bearer where a secret is set. */
export function headersOf({ job, tick, runId }: Call): Record<string, string> {
  const name = job.secret ?? "CRON_SECRET";
  const secret = process.env[name];
  if (secret && !/^[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?$/.test(secret)) {
    throw new NonRetriableError(
      `${name} has characters that no header can carry, or spaces around it`,
    );
  }
  return {
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron-schedule": job.schedule,
    "x-cronshift-tick": tickText(tick),
    "x-cronshift-run": runId,
    ...job.headers,
    ...(secret ? { authorization: `Bearer ${secret}` } : {}),
  };
}

/** Return what is kept of an answer; throws where it is no success. */
export async function settled(call: Call, response: Response): Promise<Answer> {
  const { headers, status } = response;
  const said = `GET ${call.path} answered ${status}`;
  const content = new Uint8Array(await response.arrayBuffer());
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const text = decoder.decode(content.slice(0, KEPT));
  const bytes = content.length;
  const cut = bytes > KEPT;
  if (response.ok) {
    const isJson = !cut && headers.get("content-type")?.includes("json");
    return { status, body: isJson ? parsed(text) : text, bytes, cut };
  }
  if (status < 400) {
    const target = headers.get("location")?.slice(0, QUOTED) ?? "nowhere";
    throw new NonRetriableError(`${said}, a redirect to ${target}`);
  }
  const words = text.split(/[ \t\n\r\f\v]+/).filter(Boolean);
  const characters = Array.from(words.join(" "));
  const quote = characters.slice(0, QUOTED).join("");
  const rest = characters.length > QUOTED ? " …" : "";
  const message = quote ? `${said}: ${quote}${rest}` : said;
  if (status < 500 && ![408, 425, 429].includes(status)) {
    throw new NonRetriableError(message);
  }
  const seconds = secondsToWait(headers.get("retry-after")?.trim() ?? "");
  if (Number.isNaN(seconds)) throw new Error(message);
  throw new RetryAfterError(message, seconds * 1000);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Return what a `Retry-After` asks for, between a second and a day; NaN where it is neither seconds nor a date. */
function secondsToWait(text: string): number {
  const date = new Date(text.slice(5));
  const isDate =
    /^[A-Z][a-z]{2}, /.test(text) &&
    date.toUTCString().slice(5) === text.slice(5); // a day that the month has
  const wait = isDate ? (date.getTime() - Date.now()) / 1000 : NaN;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.floor(wait);
  return Math.max(1, Math.min(DAY, seconds));
}

/** Log why a job failed for good. */
export function reportFailure(job: { id: string }, error: unknown): string {
  console.error(`${job.id} failed: ${messageOf(error)}`);
  return "no heartbeat is set";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

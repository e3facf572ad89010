/** What a function does for its job: asks whose the tick is, and makes the request that Vercel made. */
import { NonRetriableError } from "inngest";
import { NextRequest } from "next/server";

import { type Job, skipReason, tickText } from "./ownership";

/** What a route exports as `GET`; `never` takes what the route says its context is. */
export type Route = (request: NextRequest, context: never) => unknown;
export type Call = ReturnType<typeof callOf>;
export type Params = Record<string, string | string[]>;
type Event = { name?: string; ts?: number; data?: unknown };

const KEPT = 65_536; // bytes of an answer's body

/** Return the call that a run is for; `isScheduled` says that no person started it. */
export function callOf(job: Job, event: Event, runId: string) {
  const data = Object(event.data) as Record<string, unknown>;
  const [at = 0] = [data["scheduledAt"], event.ts].filter(Boolean) as number[];
  const tick = new Date(at);
  tick.setUTCSeconds(0, 0);
  const isTimer = event.name === "inngest/scheduled.timer";
  const isScheduled = isTimer && data["cronshift"] !== "run";
  return { job, path: job.path, tick, isScheduled, runId, data };
}

/** Return why a run is not to do its work, if it is not; Vercel's cron calls production only. */
export async function due(call: Call) {
  if (call.data["missed"] === true) return "a replay needs claims";
  if (!call.isScheduled) return null;
  const { env } = process;
  const name = [env["CRONSHIFT_ENV"], env["VERCEL_ENV"]].find(Boolean);
  const places = [env["CRONSHIFT_RUN_IN"], "production"].find(Boolean);
  const allowed = places?.split(",").map((place) => place.trim()) ?? [];
  const runsHere = allowed.some((place) => ["*", name].includes(place));
  if (name && !runsHere) return `environment ${name}`;
  return skipReason("inngest", call.job, call.tick);
}

/** Answer a call by the route's own function, as Vercel's request would be. */
export async function direct(route: Route, call: Call, context = NO_PARAMS) {
  const host = process.env["VERCEL_PROJECT_PRODUCTION_URL"] ?? "localhost";
  const forwarded = { "x-forwarded-host": host, "x-forwarded-proto": "https" };
  const headers = { ...headersOf(call), host, ...forwarded };
  const request = new NextRequest(`https://${host}${call.path}`, { headers });
  const response = (await route(request, context as never)) as Response | null;
  if (!response) throw new NonRetriableError(`${shown(call)} gave no answer`);
  return settled(call, response);
}
const NO_PARAMS = { params: Promise.resolve({}) };

/** Return the headers of Vercel's cron, with the bearer where a secret is set. */
export function headersOf({ job, tick, runId }: Call): Record<string, string> {
  const name = job.secret ?? "CRON_SECRET";
  const secret = process.env[name] ?? "";
  const fault = "has spaces around it, or what no header can carry";
  const isSent = /^([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?$/.test(secret);
  if (!isSent) throw new NonRetriableError(`${name} ${fault}`);
  return {
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron-schedule": job.schedule,
    "x-cronshift-tick": tickText(tick),
    "x-cronshift-run": runId,
    ...job.headers,
    ...(secret ? { authorization: `Bearer ${secret}` } : {}),
  };
}

/** Return a call as logs may have it: a query may carry a credential. */
export const shown = ({ path }: Call) => `GET ${path.split("?")[0]}`;

/** Return what is kept of a success, 2xx; 408, 425, 429 and 5xx are tried again, nothing else is. */
export async function settled(call: Call, response: Response) {
  const { headers, ok, status } = response;
  const content = new Uint8Array(await response.arrayBuffer());
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const text = decoder.decode(content.slice(0, KEPT));
  const cut = content.length > KEPT;
  const isJson = !cut && headers.get("content-type")?.includes("json");
  const parsed = () => Promise.resolve(text).then<unknown>(JSON.parse);
  const body = isJson ? await parsed().catch(() => text) : text;
  if (ok) return { status, body, bytes: content.length, cut };
  const away = `a redirect to ${headers.get("location") ?? "nowhere"}`;
  const words = (status < 400 ? away : text).match(/[^ \t\n\r\f\v]+/g) ?? [];
  const quote = words.join(" ").replace(RegExp("^([^]{500})[^]+", "u"), "$1 …");
  const answered = [status, quote].filter(Boolean).join(": ");
  const message = `${shown(call)} answered ${answered}`;
  const isFinal = status < 500 && ![408, 425, 429].includes(status);
  if (isFinal) throw new NonRetriableError(message);
  throw call.job.failure?.(message, headers) ?? new Error(message);
}

/**
 * Jobs with a monitor, which hears when a run of the schedule begins, has succeeded, or has failed for
 * good. How the telling goes can neither fail a job nor hold its work.
 */
import { type Call, reportFailure } from "./calls";

type Watched = { id: string; heartbeat?: string };
type Signal = "start" | "success" | "fail";
type Began = { name?: string; data?: { cronshift?: string; value?: unknown } };

const PATIENCE = 10_000; // milliseconds
const START_PATIENCE = 2_000;
const TRIES = 3;
const EARLY = 1_000; // the engine may let a run begin so long before its minute
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const UNTOLD = "not told: no run of the schedule";
const STATUS = { start: "in_progress", success: "ok", fail: "error" };
const beginning = new Map<string, Promise<string>>();

/** Tell that a run begins, where it is to do its work; it goes on meanwhile. */
export async function pingDue(
  call: Call,
  due: Promise<string | null>,
): Promise<string | null> {
  const skipped = await due;
  if (skipped || !call.isScheduled || beginning.size >= 100) return skipped;
  const { job, runId } = call;
  const start = ping(job, "start", runId, START_PATIENCE);
  const ended = start.finally(() => beginning.delete(runId));
  beginning.set(runId, ended);
  // A process that stands still between requests would tell it later, when the run has ended.
  const isFrozen =
    process.env["VERCEL"] || process.env["AWS_LAMBDA_FUNCTION_NAME"];
  if (isFrozen) await ended;
  return skipped;
}

/** Tell that a run has succeeded; one by hand tells nothing. */
export async function pingSuccess(job: Watched, call?: Call): Promise<string> {
  if (call && !call.isScheduled) return UNTOLD;
  // Told before its minute, it would count for the tick before.
  const early = 60_000 - (Date.now() % 60_000);
  if (early <= EARLY) await new Promise((done) => setTimeout(done, early));
  return ping(job, "success", call?.runId ?? "", PATIENCE);
}

/** Log why a run failed for good, and tell it; `ended` is the data of the event that says so. */
export async function pingFailure(
  job: Watched,
  error: unknown,
  ended?: unknown,
): Promise<string> {
  const nowhere = reportFailure(job, error);
  if (!job.heartbeat) return nowhere;
  const { run_id = "", event } = Object(ended) as {
    run_id?: string;
    event?: Began;
  };
  if (ended !== undefined && !isWatched(Object(event) as Began)) return UNTOLD;
  return ping(job, "fail", run_id, PATIENCE);
}

/** Return whether a run is the schedule's, or that of a row of one that is. */
function isWatched({ name, data }: Began): boolean {
  const isRow = typeof data?.value === "string";
  const isTick = name === "inngest/scheduled.timer";
  return data?.cronshift !== "run" && (isTick || isRow);
}

async function ping(
  { heartbeat = "" }: Watched,
  signal: Signal,
  runId: string,
  patience: number,
): Promise<string> {
  const address = process.env[heartbeat];
  if (!address) return `${heartbeat} is not set`;
  try {
    if (signal !== "start") await beginning.get(runId);
    const request = await requestOf(address, signal, runId);
    return request ? await send(...request, patience) : "not told";
  } catch (error) {
    // The address is a secret, and errors repeat it: only their kind is told.
    return `failed: ${error instanceof Error ? error.name : "unknown"}`;
  }
}

/** Return the request that tells a signal, by the receiver that the address means. */
async function requestOf(
  address: string,
  signal: Signal,
  runId: string,
): Promise<[URL, string | undefined] | undefined> {
  const url = new URL(address);
  const joint = runId && (await correlation(runId));
  const seconds = signal === "start" ? NaN : secondsSince(runId);
  if (/^\/api\/[^/]+\/cron\/[^/]+\/[^/]+\/?$/.test(url.pathname)) {
    url.searchParams.set("status", STATUS[signal]);
    if (joint) url.searchParams.set("check_in_id", joint);
    if (seconds >= 0) url.searchParams.set("duration", seconds.toFixed(3));
    return [url, undefined];
  }
  const tells =
    url.hostname === "hc-ping.com" ||
    /^\/ping\/[^/]+(\/[^/]+)?\/?$/.test(url.pathname);
  if (signal === "start" && !tells) return undefined;
  if (signal !== "success") {
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/${signal}`;
  }
  if (!tells) return [url, undefined];
  if (joint) url.searchParams.set("rid", joint);
  const took = `, ${seconds.toFixed(1)} s since it was queued`;
  return [url, `run ${runId}${seconds >= 0 ? took : ""}`];
}

async function send(
  url: URL,
  body: string | undefined,
  patience: number,
): Promise<string> {
  const signal = AbortSignal.timeout(patience);
  const method = body === undefined ? "GET" : "POST";
  const content = body === undefined ? {} : { body };
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      const request = { method, ...content, signal } as const;
      const answer = await fetch(url, { cache: "no-store", ...request });
      await answer.body?.cancel();
      if (answer.status < 500 || left === 0) {
        return `sent, answered ${answer.status}`;
      }
    } catch (error) {
      if (left === 0 || signal.aborted) throw error;
    }
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Return the id that joins the pings of a run: receivers take a UUID. */
async function correlation(runId: string): Promise<string> {
  const text = new TextEncoder().encode(runId);
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  const hex = Array.from(bytes.slice(0, 16), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Return the seconds since a run was queued, which its id (a ULID) tells; NaN for another id. */
function secondsSince(runId: string): number {
  if (runId.length !== 26) return NaN;
  const places = Array.from(runId.slice(0, 10), (one) => DIGITS.indexOf(one));
  if (places.includes(-1)) return NaN;
  const queued = places.reduce((sum, place) => sum * DIGITS.length + place, 0);
  return Math.max(0, (Date.now() - queued) / 1000);
}

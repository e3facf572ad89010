/**
 * Jobs with a monitor, which hears when a run of the schedule begins, has succeeded, or has failed for
 * good. How the telling goes can neither fail a job nor hold its work.
 */
import type { Call } from "./calls";
import { reportFailure } from "./failures";
import { tellMonitor } from "./monitor";

type Watched = { id: string; heartbeat?: string };
type Began = { name?: string; data?: { cronshift?: string; value?: unknown } };

const UNTOLD = "not told: no run of the schedule";
const beginning = new Map<string, Promise<string>>();

/** Tell that a run begins, where it is to do its work; it goes on meanwhile. */
export async function pingDue(
  call: Call,
  due: Promise<string | null>,
): Promise<string | null> {
  const skipped = await due;
  if (skipped || !call.isScheduled || beginning.size >= 100) return skipped;
  const { heartbeat = "" }: Watched = call.job;
  const { runId } = call;
  const start = tellMonitor(heartbeat, "start", runId);
  const ended = start.finally(() => beginning.delete(runId));
  beginning.set(runId, ended);
  // A process that stands still between requests would tell it later, when the run has ended.
  const lambda = process.env["AWS_LAMBDA_FUNCTION_NAME"];
  if ([process.env["VERCEL"], lambda].some(Boolean)) await ended;
  return skipped;
}

/** Tell that a run has succeeded; one by hand tells nothing. */
export async function pingSuccess(job: Watched, call?: Call): Promise<string> {
  if (call && !call.isScheduled) return UNTOLD;
  return tellEnd(job, "success", call?.runId ?? "");
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
  return tellEnd(job, "fail", run_id);
}

async function tellEnd(
  { heartbeat = "" }: Watched,
  signal: "success" | "fail",
  runId: string,
): Promise<string> {
  await beginning.get(runId);
  return tellMonitor(heartbeat, signal, runId);
}

/** Return whether a run is the schedule's, or that of a row of one that is. */
function isWatched({ name, data }: Began): boolean {
  const isRow = typeof data?.value === "string";
  const isTick = name === "inngest/scheduled.timer";
  return data?.cronshift !== "run" && (isTick || isRow);
}

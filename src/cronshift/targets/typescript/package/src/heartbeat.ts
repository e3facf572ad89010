/** Jobs that tell a watcher how they went; how the telling went never fails the job. */
import { reportFailure } from "./calls";

type Watched = { id: string; heartbeat?: string };

const PATIENCE = 10_000; // milliseconds

/** Ping the job's heartbeat. */
export async function pingSuccess(job: Watched): Promise<string> {
  return ping(job, "");
}

/** Log why the job failed for good, and ping `/fail` behind its heartbeat's address. */
export async function pingFailure(
  job: Watched,
  error: unknown,
): Promise<string> {
  const nowhere = reportFailure(job, error);
  return job.heartbeat ? ping(job, "/fail") : nowhere;
}

async function ping({ heartbeat = "" }: Watched, end: string): Promise<string> {
  const address = process.env[heartbeat];
  if (!address) return `${heartbeat} is not set`;
  try {
    const url = new URL(address);
    if (end) url.pathname = url.pathname.replace(/\/+$/, "") + end;
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(url, { cache: "no-store", signal });
    return `sent, answered ${answer.status}`;
  } catch (error) {
    // The address is a secret, and errors repeat it: only their kind is told.
    return `failed: ${error instanceof Error ? error.name : "unknown"}`;
  }
}

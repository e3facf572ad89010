/** The guard before the routes that Vercel calls: a tick that is Inngest's does not reach them. */
import type { Job } from "./calls";
import { skipReason, type Source } from "./ownership";
import { hasBearer } from "./telling";

export type Guarded = Pick<Job, "rehearsal"> & {
  id: string;
  /** What Vercel called before, with its query. */
  path: string;
  /** As Vercel spells it in its header. */
  schedule: string;
  /** Return the tick that a call at an instant is for. */
  tick: (now: Date) => Date | null;
  /** The variable of the secret, where it is not CRON_SECRET. */
  secret?: string;
  /** What Next.js takes off its paths. */
  basePath?: string;
};

/** What becomes of a call: an answer of the guard's own, or the path it goes on to. */
export type Decision = Refusal | { path: string | null };
type Refusal = { status: number; said: string };

const SKEW = 60_000;

/** Decide a call by its query, as it came, and its headers: only Vercel's cron gets through. */
export async function decide(
  jobs: Guarded[],
  search: string,
  headers: Headers,
  source: Source,
  now: Date = new Date(),
): Promise<Decision> {
  const schedule = headers.get("x-vercel-cron-schedule");
  const agent = headers.get("user-agent") ?? "";
  if (schedule === null && !agent.startsWith("vercel-cron/")) {
    return { status: 401, said: "not a call of Vercel's cron" };
  }
  const { secret = "CRON_SECRET" } = jobs[0] ?? {};
  if (process.env[secret] && !(await hasBearer(headers, secret))) {
    return { status: 401, said: "no bearer" };
  }
  const job = called(jobs, search, schedule ?? "");
  const tick = job?.tick(now);
  const skipped =
    job && tick && (await skipReason("vercel", job.id, tick, source));
  return skipped ? { status: 200, said: skipped } : { path: job?.path ?? null };
}

/**
 * Return the job that a call is for: by its query, which Next may have spelled anew, and among twins
 * by the header. One job alone with the call's schedule is meant whatever its query became.
 */
export function called(
  jobs: Guarded[],
  search: string,
  schedule: string,
): Guarded | undefined {
  const words = (text: string) => text.trim().split(/\s+/).join(" ");
  const meaning = (query: string) => String(new URLSearchParams(query));
  const query = (job: Guarded) => new URL(job.path, "http://app").search;
  const due = jobs.filter((job) => words(job.schedule) === words(schedule));
  const alike = jobs.filter((job) => meaning(query(job)) === meaning(search));
  const exact = alike.filter((job) => query(job) === search);
  const asked = exact.length ? exact : alike;
  const alone = due.length === 1 ? due[0] : undefined;
  return asked.find((job) => due.includes(job)) ?? asked[0] ?? alone;
}

/** Return what tells the tick of a call, where one is due every so many milliseconds in UTC. */
export function every(period: number, offset: number, late: number) {
  return (now: Date): Date | null => {
    const past = (now.getTime() - offset) % period;
    const newest = now.getTime() - (past < 0 ? past + period : past);
    return tickBetween(newest, newest + period, late, now);
  };
}

/**
 * Return the tick that a call at `now` is for: the newest one, or the coming one where the clock here
 * may be behind Vercel's. Exact for any skew up to a minute where ticks are far enough apart.
 */
export function tickBetween(
  newest: number,
  following: number,
  late: number,
  now: Date,
): Date {
  const room = following - newest - late;
  const skew = Math.min(SKEW, Math.max(0, room / 2));
  const isEarly =
    following - now.getTime() <= skew && now.getTime() >= newest + late + skew;
  return new Date(isEarly ? following : newest);
}

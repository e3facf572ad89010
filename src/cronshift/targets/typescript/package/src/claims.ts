/**
 * Claims of a tick before it runs: a row for each, in the table that Python's claims are in, so that one
 * which is delivered twice runs once.
 *
 * Claims that cannot be asked silence no job: its tick runs, and may run twice, and that is logged. With
 * `CRONSHIFT_CLAIMS_AWAY=wait` it waits for them instead, and is told as missed.
 */
import { type Call, callOf, type Route } from "./calls";
import { type Guarded, turnedAway } from "./guard";
import { hasBearer, type Job, tickText } from "./ownership";
import { called } from "./twins";

const UNCLAIMED = "a replay needs claims";
const LEASE = 20 * 60_000; // milliseconds: more than a job may take
const CLAIMED = "claimed by another run";
const UNASKED = "the claims cannot be asked";

/** Runs one statement of PostgreSQL with bound values, and returns its rows. */
type Query = (sql: string, ...values: string[]) => Promise<unknown[]>;
export type Claims = ReturnType<typeof claimsIn>;

const TABLE = `CREATE TABLE IF NOT EXISTS cronshift_claims (
  job VARCHAR(255) NOT NULL, tick VARCHAR(20) NOT NULL, holder VARCHAR(64) NOT NULL,
  lease_until BIGINT NOT NULL, finished_at BIGINT, PRIMARY KEY (job, tick))`;
const TAKE = `INSERT INTO cronshift_claims AS mine (job, tick, holder, lease_until)
  VALUES ($1::text, $2::text, $3::text, $4::text::bigint)
  ON CONFLICT (job, tick) DO UPDATE
  SET holder = excluded.holder, lease_until = excluded.lease_until
  WHERE mine.finished_at IS NULL
    AND (mine.holder = excluded.holder OR mine.lease_until < $5::text::bigint)
  RETURNING mine.holder`;
const FINISH = `UPDATE cronshift_claims SET finished_at = $4::text::bigint
  WHERE job = $1::text AND tick = $2::text AND holder = $3::text`;
const RELEASE = `DELETE FROM cronshift_claims WHERE job = $1::text
  AND tick = $2::text AND holder = $3::text AND finished_at IS NULL`;

/** Return the claims in the database of an app's own client: of Prisma, Drizzle, pg or postgres.js. */
export function claimsIn(client: object, clock: () => number = Date.now) {
  const query = queryOf(client);
  let made: Promise<unknown> | undefined;
  const ask: Query = async (sql, ...values) => {
    made ??= query(TABLE).catch(() => query(TABLE)); // another process may make it, too
    await made.catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return query(sql, ...values);
  };
  return {
    /** Say whether a tick is the holder's: nobody has it, or who had it never ended. */
    take: async (job: string, tick: Date, holder: string) => {
      const [now, lease] = [clock(), clock() + LEASE].map(String) as [
        string,
        string,
      ];
      const rows = await ask(TAKE, job, tickText(tick), holder, lease, now);
      return rows.length > 0;
    },
    /** Record that a tick has run. */
    finish: async (job: string, tick: Date, holder: string) => {
      await ask(FINISH, job, tickText(tick), holder, String(clock()));
    },
    /** Give a tick back, because running it failed. */
    release: async (job: string, tick: Date, holder: string) => {
      await ask(RELEASE, job, tickText(tick), holder);
    },
  };
}

type Client = {
  $client?: object;
  $queryRawUnsafe?: Query;
  unsafe?: (sql: string, values: string[]) => Promise<unknown[]>;
  query?: (sql: string, values: string[]) => Promise<unknown>;
};

/** Return what runs a statement by a client, whichever it is; Drizzle has the driver's own in it. */
function queryOf(client: object): Query {
  const { $client, $queryRawUnsafe, unsafe, query } = client as Client;
  if ($queryRawUnsafe) {
    return (...given) => Reflect.apply($queryRawUnsafe, client, given);
  }
  if ($client) return queryOf($client);
  return async (sql, ...values) => {
    const run = unsafe ?? query;
    if (!run) throw new TypeError("no client is named for claims");
    const done = await Reflect.apply(run, client, [sql, values]);
    const rows = Array.isArray(done) ? done : (done as { rows: unknown }).rows;
    return rows as unknown[];
  };
}

/** Claim a run's tick; return why it does not do its work, if it does not. */
export async function claimedDue(
  claims: Claims,
  call: Call,
  reason: Promise<string | null>,
): Promise<string | null> {
  const { job, tick, runId } = call;
  const why = await reason;
  if ((why && why !== UNCLAIMED) || !isClaimable(call)) return why;
  const asked = claims.take(job.id, tick, runId);
  // A tick that does not run without its claim, as one that is made up for, is tried again.
  const refusal = await refused(asked);
  if (refusal !== UNASKED) return refusal;
  if (why || ticksWait()) throw new Error(refusal);
  return null;
}

/** Return whether a run stands for its tick: the schedule's, or one in the place of such a run. */
function isClaimable({ isScheduled, data }: Call): boolean {
  return isScheduled || data["cronshift"] === "replay";
}

/** End the claim of a run's tick with its work. */
export async function claimedCall<T>(
  claims: Claims,
  call: Call,
  work: T | Promise<T>,
): Promise<T> {
  const answer = await work;
  const { job, tick, runId } = call;
  if (isClaimable(call)) {
    await orLogged(claims.finish(job.id, tick, runId));
  }
  return answer;
}

/** Give back the tick of a run that failed for good, or was cancelled. */
export async function released(
  claims: Claims,
  job: { id: string },
  ended: unknown,
): Promise<void> {
  const { event, run_id = "" } = Object(ended) as Ended;
  const call = callOf(job as Job, event ?? {}, run_id);
  if (isClaimable(call)) {
    await orLogged(claims.release(job.id, call.tick, run_id));
  }
}

type Ended = { event?: object; run_id?: string };

/** Return a route that claims the tick of Vercel's calls, of a caller who has the bearer. */
export function claimed(claims: Claims, jobs: Guarded[], route: Route): Route {
  return async (request, context) => {
    const { headers } = request;
    const turn = await turnOf(claims, jobs, request.url, headers);
    if (turn?.refusal) {
      const { refusal } = turn;
      return turnedAway(skippedStatus(refusal), "skipped", refusal);
    }
    try {
      const answer = (await route(request, context)) as Answered;
      await turn?.end(answer?.ok ?? false);
      return answer;
    } catch (error) {
      await turn?.end(false);
      throw error;
    }
  };
}

type Answered = Response | undefined;

/** Return the status of a call that may not run: a tick that waits for its claim is no success. */
export function skippedStatus(reason: string): number {
  return reason === UNASKED ? 503 : 200;
}

/** Return the turn of a call, with the reason where it may not run; nothing where it is nobody's to take. */
export async function turnOf(
  claims: Claims,
  jobs: Guarded[],
  url: string,
  headers: Headers,
) {
  const { search } = new URL(url, "http://app");
  const schedule = headers.get("x-vercel-cron-schedule") ?? "";
  const job = called(jobs, search, schedule);
  const tick = job?.tick(new Date());
  if (!job || !tick || !(await hasBearer(headers, job.secret)))
    return undefined;
  const holder = `vercel-${crypto.randomUUID()}`;
  const why = await refused(claims.take(job.id, tick, holder));
  const refusal = why === UNASKED && !ticksWait() ? null : why;
  return {
    refusal,
    end: (isSuccess: boolean) => {
      const end = isSuccess ? claims.finish : claims.release;
      return orLogged(end(job.id, tick, holder));
    },
  };
}

/** Return why a holder may not run, as its claim is answered. */
async function refused(asked: Promise<boolean>): Promise<string | null> {
  const isMine = await orLogged(asked);
  return isMine === undefined ? UNASKED : isMine ? null : CLAIMED;
}

/** Return whether no tick is to run whose claim cannot be asked; a word that is unknown says so too. */
function ticksWait(): boolean {
  const word = process.env["CRONSHIFT_CLAIMS_AWAY"] ?? "";
  return !["", "run"].includes(word.trim().toLowerCase());
}

/** Return what the claims answer; nothing where they do not, which is logged. */
async function orLogged<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const kind = error instanceof Error ? error.name : "unknown";
    console.warn(`cronshift: no claim was made (${kind})`);
    return undefined;
  }
}

/**
 * Tells what becomes of ticks where `CRONSHIFT_LEDGER_URL` says: an address that takes records from who
 * has the bearer, or `inngest`, as events. No job waits for it or fails for it; what cannot be kept is
 * counted and dropped.
 */
import type { Call, settled } from "./calls";
import { answerTokens } from "./comparing";
import { digestOf } from "./digest";
import type { Guarded } from "./guard";
import { look, type ToldJob } from "./looking";
import { hasBearer, ownerOf, tickText } from "./ownership";
import { called } from "./twins";

const MOST = 100; // records on their way at once
const PATIENCE = 5_000; // milliseconds
const NUMBERS = 32;
const DEEPEST = 4;
let underWay = 0;
let dropped = 0;
let told = 0; // of those that were dropped

type Answer = Awaited<ReturnType<typeof settled>>;

/** One delivery of a tick to one side; `rehearses` where it makes the job's dry run. */
export type Delivery = {
  side: "inngest" | "vercel";
  job: ToldJob;
  tick: Date;
  runId: string;
  arrived: Date;
  rehearses?: boolean;
};

/** What became of it; `text` is the answer's body, where it is known. */
export type Outcome = {
  status: "skipped" | "running" | "completed" | "failed";
  attempts?: number;
  error?: unknown;
  code?: number;
  text?: string | Promise<string>;
  seen?: Record<string, string>;
  numbers?: Record<string, number>;
};

/** Return a route of the dispatcher that tells what became of Vercel's calls. */
export function toldGet<R extends Request>(
  jobs: Guarded[],
  get: (request: R, own?: unknown) => Promise<Response>,
): (request: R, own?: unknown) => Promise<Response> {
  return (request, own) => {
    const call = callOf(new URL(request.url).search, request.headers);
    const answer = get(request, own);
    if (call) {
      const copy = answer.then((each) => each.clone());
      const outcome = copy.then((each) =>
        outcomeOf(each.headers.get(SKIPPED), each.status, each.text()),
      );
      tellCall(jobs, call, outcome);
    }
    return answer;
  };
}

const SKIPPED = "x-cronshift-skipped";

/** A call of Vercel's, as it came. */
type Arrived = { search: string; headers: Headers; at: Date };

/** Return a call of Vercel's cron, where there is a ledger; `undefined` for any other request. */
export function callOf(search: string, headers: Headers): Arrived | undefined {
  const agent = headers.get("user-agent") ?? "";
  const isCron =
    agent.startsWith("vercel-cron/") || headers.has("x-vercel-cron-schedule");
  const hasLedger = !!process.env["CRONSHIFT_LEDGER_URL"];
  return isCron && hasLedger ? { search, headers, at: new Date() } : undefined;
}

/** Return what an answer of the dispatcher says of its call. */
export function outcomeOf(
  reason: string | null,
  code: number,
  text?: Promise<string>,
): Outcome {
  if (reason) return { status: "skipped", seen: { reason } };
  const status = 200 <= code && code < 300 ? "completed" : "failed";
  return { status, attempts: 1, code, ...(text ? { text } : {}) };
}

/** Tell what becomes of a call of Vercel's; only who has the bearer bears witness. */
export function tellCall(
  jobs: Guarded[],
  { search, headers, at }: Arrived,
  outcome: Promise<Outcome>,
): void {
  const failed = (error: unknown): Outcome => ({
    status: "failed",
    attempts: 1,
    error,
  });
  const ended = outcome.catch(failed);
  const schedule = headers.get("x-vercel-cron-schedule") ?? "";
  const job = called(jobs, search, schedule);
  const tick = job?.tick(at);
  if (!job || !tick) return;
  const runId = `vercel-${crypto.randomUUID()}`;
  const delivery = { job, tick, runId, arrived: at };
  behind(async () => {
    if (!(await hasBearer(headers, job.secret))) return;
    await record({ side: "vercel", ...delivery }, await ended);
  });
}

/** Tell why a run does not do its work, with what it sees of the other side, or that it begins. */
export async function toldDue(
  call: Call,
  reason: Promise<string | null>,
  sent = 0,
): Promise<string | null> {
  const now = Date.now();
  const why = await reason;
  if (!why) {
    tell(call, { status: "running" });
  } else if (!why.startsWith("environment ")) {
    const queued = sent ? Math.max(now - sent, 0) / 1000 : 0;
    const numbers = { queued };
    const seen = why.startsWith("owner ") ? look(call) : Promise.resolve({});
    tell(
      call,
      seen.then((found) => ({
        status: "skipped",
        numbers,
        seen: { reason: why, ...found },
      })),
    );
  }
  return why;
}

/** Tell how an attempt to do a run's work went; 0 is the first. */
export async function toldCall(
  call: Call,
  work: Promise<Answer>,
  attempt = 0,
): Promise<Answer> {
  const attempts = attempt + 1;
  const [answer, outcome] = await settledBy(work);
  tell(call, { ...outcome, attempts });
  if (!answer) throw outcome.error;
  return answer;
}

/** Return the answer that work gives, if it gives one, and what becomes of it. */
export async function settledBy(
  work: Promise<Answer>,
): Promise<[Answer | undefined, Outcome]> {
  try {
    const answer = await work;
    const { body, cut, status: code } = answer;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return [answer, { status: "completed", code, ...(cut ? {} : { text }) }];
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const [, code] = / answered (\d{3})/.exec(message) ?? [];
    const answered = code ? { code: Number(code) } : {};
    return [undefined, { status: "failed", error, ...answered }];
  }
}

/** Tell what became of a run of the schedule's, or of one in the place of such a run. */
function tell(call: Call, outcome: Outcome | Promise<Outcome>): void {
  const isTold = call.isScheduled || call.data["cronshift"] === "replay";
  if (!isTold || !process.env["CRONSHIFT_LEDGER_URL"]) return;
  const delivery = deliveryOf(call);
  behind(async () => record(delivery, await outcome));
}

export function deliveryOf({ job, tick, runId }: Call): Delivery {
  return { side: "inngest", job, tick, runId, arrived: new Date() };
}

/** Do something behind the caller's back, who neither waits for it nor hears how it went. */
export function behind(work: () => Promise<void>): void {
  if (underWay >= MOST) {
    dropped += 1;
    return;
  }
  underWay += 1;
  const done = work()
    .catch((error: unknown) => {
      dropped += 1;
      const why = `${dropped} records dropped (${nameOf(error)})`;
      console.warn(`CRONSHIFT_LEDGER_URL: ${why}`);
    })
    .finally(() => {
      underWay -= 1;
    });
  platform()?.waitUntil?.(done);
}

/** Send the record of a delivery; with the last one of it, how many could not be kept. */
export async function record(
  delivery: Delivery,
  outcome: Outcome,
): Promise<void> {
  const now = new Date().toISOString();
  const lost = outcome.status === "running" ? 0 : dropped - told;
  const counted: Record<string, string> = lost ? { dropped: String(lost) } : {};
  const seen = { ...outcome.seen, ...counted };
  await send("ticks", await recordOf(delivery, { ...outcome, seen }, now));
  told += lost;
}

type Platform = { waitUntil?: (work: Promise<unknown>) => void };

/** Return what Vercel gives a function to go on with behind its answer. */
function platform(): Platform | undefined {
  const key = Symbol.for("@vercel/request-context");
  const context = (globalThis as Record<symbol, unknown>)[key];
  return (
    context as { get?: () => ReturnType<typeof platform> } | undefined
  )?.get?.();
}

async function recordOf(
  { side, job, tick, runId, arrived, rehearses }: Delivery,
  { status, attempts = 0, error, code, text, seen, numbers = {} }: Outcome,
  now: string,
): Promise<object> {
  const { ownership } = await job.ownership();
  const subject = `${job.id}\n${tickText(tick)}`;
  const epochs = ownership?.jobs?.[job.id];
  const owner = ownership ? await ownerOf(epochs, subject, tick) : "";
  const hasActed = status !== "skipped";
  const role = rehearses ? "rehearsed" : hasActed ? "acted" : "stood by";
  const tokens =
    job.rehearsal && text !== undefined
      ? await answerTokens(await text, job.rehearsal.ignore)
      : {};
  const hasEnded = status === "completed" || status === "failed";
  return {
    job: job.id,
    tick: tickText(tick),
    side,
    owner,
    role,
    arrived: arrived.toISOString(),
    started: hasActed ? arrived.toISOString() : null,
    ended: hasEnded ? now : null,
    status,
    attempts,
    error_class: error === undefined || code ? null : nameOf(error),
    http_status: code ?? null,
    numbers,
    ...(await measured(text)),
    run_id: runId,
    deployment:
      process.env["CRONSHIFT_DEPLOYMENT"] ??
      process.env["VERCEL_DEPLOYMENT_ID"] ??
      null,
    ownership_digest: ownership && (await digestOf(ownership)),
    seen: { ...seen, ...tokens },
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

async function measured(text?: string | Promise<string>): Promise<object> {
  if (text === undefined) return {};
  const bytes = new TextEncoder().encode(await text);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0"));
  const numbers = numbersOf(parsed(await text), []).slice(0, NUMBERS);
  return {
    size: bytes.length,
    digest: hex.join("").slice(0, 16),
    numbers: Object.fromEntries(numbers),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Return the numbers of objects within objects; those of lists have no name that lasts. */
function numbersOf(value: unknown, path: string[]): [string, number][] {
  if (typeof value === "number" && Number.isFinite(value)) {
    return [[path.join(".").slice(0, 64), value]];
  }
  const isDeep = path.length >= DEEPEST || Array.isArray(value);
  if (isDeep || !value || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    numbersOf(inner, [...path, name]),
  );
}

/** Send a record of a tick, or of a dead run, and return how that went; throws where it is not taken. */
export async function send(
  kind: "ticks" | "dead-letter",
  record: object,
): Promise<string> {
  const url = process.env["CRONSHIFT_LEDGER_URL"];
  if (!url) return "no ledger is set";
  const isEvents = url === "inngest";
  const isTick = kind === "ticks";
  const name = `cronshift/${isTick ? "tick.seen" : "run.dead"}`;
  const telling = {
    authorization: `Bearer ${process.env["CRON_SECRET"] ?? ""}`,
    "x-cronshift-tell": kind,
  };
  const answer = await fetch(isEvents ? eventUrl() : url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(isEvents ? {} : telling),
    },
    body: JSON.stringify(
      isEvents ? { name, data: record } : isTick ? [record] : record,
    ),
    ...({ redirect: "manual", cache: "no-store" } as const),
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return "kept";
}

/** Return where events go, as the SDK would choose it. */
function eventUrl(): string {
  const dev = process.env["INNGEST_DEV"] ?? "";
  const isDev = !["", "0", "false"].includes(dev.toLowerCase());
  const server = dev.includes("://") ? dev : "http://127.0.0.1:8288";
  const base =
    process.env["INNGEST_EVENT_API_BASE_URL"] ??
    process.env["INNGEST_BASE_URL"] ??
    (isDev ? server : "https://inn.gs");
  const set = process.env["INNGEST_EVENT_KEY"] ?? "";
  const key = encodeURIComponent(set === "" ? "no-key-in-dev" : set);
  return `${base.replace(/\/+$/, "")}/e/${key}`;
}

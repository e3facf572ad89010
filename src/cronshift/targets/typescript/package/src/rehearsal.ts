/**
 * The job's dry run by the side that stands by, and by the one that acts, behind its work: what that
 * answers differently by itself says nothing of a side. What fails is told to the ledger and to nobody else.
 */
import type { Answer, Call } from "./calls";
import { called, type Guarded } from "./guard";
import {
  behind,
  callOf,
  deliveryOf,
  type Outcome,
  outcomeOf,
  record,
  settledBy,
} from "./ledger";
import { look } from "./looking";
import { bucket, held, ownerOf, type Source, tickText } from "./ownership";
import { ask, inApp, type Params, type RouteHandler } from "./routes";
import { hasBearer } from "./telling";

const FLOOR = "-rehearsal"; // behind the name of a run that has done its work
const BEHIND = "2m"; // Vercel has called by then

type Work = (call: Call) => Promise<Answer>;
type Step = {
  run: (id: string, work: () => Promise<string>) => Promise<unknown>;
  sleep: (id: string, time: string) => Promise<void>;
};

/** Rehearse a tick that Vercel runs; which side goes first is decided at random. */
export async function rehearseBeside(
  step: Step,
  call: Call,
  source: Source,
  reason: string,
  sent: number | undefined,
  work: Work,
): Promise<void> {
  if (reason !== "owner vercel" || !call.job.rehearsal) return;
  const coin = await bucket(`${call.job.id} rehearsal`, tickText(call.tick));
  if (coin % 2) await step.sleep("let Vercel go first", BEHIND);
  await step.run("rehearse", async () => {
    const event = new Date(sent ?? 0).toISOString();
    const seen = { reason, sent: event, ...(await look(call, source)) };
    return rehearse(call, source, call.runId, work, seen);
  });
}

/** Rehearse a tick that a run has done the work of. */
export async function rehearseBehind(
  step: Step,
  call: Call,
  source: Source,
  work: Work,
): Promise<void> {
  if (!call.isScheduled || !call.job.rehearsal) return;
  await step.run("rehearse", () =>
    rehearse(call, source, call.runId + FLOOR, work, {}),
  );
}

async function rehearse(
  call: Call,
  source: Source,
  runId: string,
  work: Work,
  seen: Record<string, string>,
): Promise<string> {
  if (!process.env["CRONSHIFT_LEDGER_URL"]) return "no ledger is set";
  const delivery = { ...deliveryOf({ ...call, runId }), rehearses: true };
  const [, outcome] = await settledBy(work(dryOf(call)));
  behind(() => record(source, delivery, { ...outcome, attempts: 1, seen }));
  return `answered ${outcome.code ?? "nothing"}`;
}

/** Return a call's dry run: with a parameter more, or a header. */
function dryOf(call: Call): Call {
  const { dryRun = "" } = call.job.rehearsal ?? {};
  const headers = { ...call.job.headers, ...headersOf(dryRun) };
  const job = { ...call.job, headers };
  return { ...call, job, path: pathOf(call.path, dryRun) };
}

function pathOf(path: string, dryRun: string): string {
  if (!dryRun.startsWith("?")) return path;
  const [base = "", ...fragment] = path.split("#");
  const joint = base.includes("?") ? "&" : "?";
  return [base + joint + dryRun.slice(1), ...fragment].join("#");
}

function headersOf(dryRun: string): Record<string, string> {
  const [name = "", ...value] = dryRun.split(":");
  return name.startsWith("?") || !value.length
    ? {}
    : { [name.trim().toLowerCase()]: value.join(":").trim() };
}

/** What a call of Vercel's is rehearsed by. */
export type Rehearsal = {
  jobs: Guarded[];
  source: Source;
  handler: RouteHandler;
  params?: Params | undefined;
};

/** Rehearse a call of Vercel's behind its answer, which `answered` gives the reason of where it was skipped. */
export function rehearseCall(
  { jobs, source, handler, params }: Rehearsal,
  url: string,
  headers: Headers,
  answered: Promise<string | null>,
): void {
  const { search, origin } = new URL(url, "http://app");
  const call = callOf(search, headers);
  const schedule = headers.get("x-vercel-cron-schedule") ?? "";
  const job = call && called(jobs, search, schedule);
  const tick = call && job?.tick(call.at);
  if (!job?.rehearsal || !tick) return;
  const { dryRun } = job.rehearsal;
  behind(async () => {
    const reason = await answered;
    if (!(await hasBearer(headers, job.secret))) return;
    if (!(await isOfOneSide(job.id, source, tick, reason))) return;
    const more = Object.entries(headersOf(dryRun));
    const own = [...Array.from(headers), ...more] as [string, string][];
    const there = origin + inApp(pathOf(job.path, dryRun), job.basePath);
    const runId = `vercel-${crypto.randomUUID()}${reason ? "" : FLOOR}`;
    const side = "vercel" as const;
    const arrived = call.at;
    const delivery = { side, job, tick, runId, arrived, rehearses: true };
    const seen: Record<string, string> = reason ? { reason } : {};
    const outcome = await outcomeBy(ask(handler, there, own, params));
    await record(source, delivery, { ...outcome, seen });
  });
}

/** Return whether the one side acts and the other stands by. */
async function isOfOneSide(
  job: string,
  source: Source,
  tick: Date,
  reason: string | null,
): Promise<boolean> {
  const { ownership } = await held(source);
  const owner = await ownerOf(ownership?.jobs, job, tickText(tick), tick);
  return reason ? reason === "owner inngest" : owner === "vercel";
}

async function outcomeBy(asked: ReturnType<typeof ask>): Promise<Outcome> {
  try {
    const answer = await asked;
    return outcomeOf(null, answer?.status ?? 500, answer?.text());
  } catch (error) {
    return { status: "failed", attempts: 1, error };
  }
}

/** Return a route of the dispatcher that rehearses Vercel's calls behind their answers. */
export function rehearsedGet<R extends Request>(
  rehearsal: Rehearsal,
  get: (request: R) => Promise<Response>,
): (request: R) => Promise<Response> {
  return (request) => {
    const answer = get(request);
    const skipped = answer.then(
      ({ headers }) => headers.get("x-cronshift-skipped"),
      () => null,
    );
    rehearseCall(rehearsal, request.url, request.headers, skipped);
    return answer;
  };
}

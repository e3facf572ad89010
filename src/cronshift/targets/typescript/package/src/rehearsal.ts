/**
 * The job's dry run by the side that stands by, and by the one that acts, behind its work: what that
 * answers differently by itself says nothing of a side. What fails is told to the ledger and to nobody else.
 */
import { NextRequest } from "next/server";

import type { Call, Route, settled } from "./calls";
import type { Guarded } from "./guard";
import {
  behind,
  callOf,
  deliveryOf,
  outcomeOf,
  record,
  settledBy,
} from "./ledger";
import { look, type ToldJob } from "./looking";
import { bucket, hasBearer, type Job, ownerOf, tickText } from "./ownership";
import { called } from "./twins";

const FLOOR = "-rehearsal"; // behind the name of a run that has done its work
const BEHIND = "2m"; // Vercel has called by then

type Answer = Awaited<ReturnType<typeof settled>>;
type Work = (call: Call) => Promise<Answer>;
type Step = {
  run: (id: string, work: () => Promise<string>) => Promise<unknown>;
  sleep: (id: string, time: string) => Promise<void>;
};

/** Rehearse a tick that Vercel runs; which side goes first is decided at random. */
export async function rehearseBeside(
  step: Step,
  call: Call,
  reason: string,
  sent: number,
  work: Work,
): Promise<void> {
  if (reason !== "owner vercel" || !dryRunOf(call)) return;
  const coin = await bucket(`${call.job.id} rehearsal\n${tickText(call.tick)}`);
  if (coin % 2) await step.sleep("let Vercel go first", BEHIND);
  await step.run("rehearse", async () => {
    const event = new Date(sent).toISOString();
    const seen = { reason, sent: event, ...(await look(call)) };
    return rehearse(call, call.runId, work, seen);
  });
}

/** Rehearse a tick that a run has done the work of. */
export async function rehearseBehind(
  step: Step,
  call: Call,
  work: Work,
): Promise<void> {
  if (!call.isScheduled || !dryRunOf(call)) return;
  await step.run("rehearse", () =>
    rehearse(call, call.runId + FLOOR, work, {}),
  );
}

async function rehearse(
  call: Call,
  runId: string,
  work: Work,
  seen: Record<string, string>,
): Promise<string> {
  if (!process.env["CRONSHIFT_LEDGER_URL"]) return "no ledger is set";
  const delivery = { ...deliveryOf({ ...call, runId }), rehearses: true };
  const [, outcome] = await settledBy(work(dryOf(call)));
  behind(() => record(delivery, { ...outcome, attempts: 1, seen }));
  return `answered ${outcome.code ?? "nothing"}`;
}

function dryRunOf({ job }: Pick<Call, "job">): string {
  return (job as ToldJob).rehearsal?.dryRun ?? "";
}

/** Return a call's dry run: with a parameter more, or a header. */
function dryOf(call: Call): Call {
  const dryRun = dryRunOf(call);
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

/** Rehearse a call of Vercel's behind its answer; `answered` gives the reason where it was skipped. */
export function rehearseCall(
  jobs: Guarded[],
  route: Route,
  url: string,
  headers: Headers,
  answered: Promise<string | null>,
  context: unknown = {},
): void {
  const { search, origin } = new URL(url, "http://app");
  const call = callOf(search, headers);
  const schedule = headers.get("x-vercel-cron-schedule") ?? "";
  const job = call && called(jobs, search, schedule);
  const tick = call && job?.tick(call.at);
  const dryRun = job && dryRunOf({ job });
  if (!dryRun || !tick) return;
  behind(async () => {
    const reason = await answered;
    if (!(await hasBearer(headers, job.secret))) return;
    if (!(await isOfOneSide(job, tick, reason))) return;
    const own = Array.from(headers).concat(Object.entries(headersOf(dryRun)));
    const request = new NextRequest(origin + pathOf(job.path, dryRun), {
      headers: own,
    });
    const runId = `vercel-${crypto.randomUUID()}${reason ? "" : FLOOR}`;
    const side = "vercel" as const;
    const arrived = call.at;
    const delivery = { side, job, tick, runId, arrived, rehearses: true };
    const seen: Record<string, string> = reason ? { reason } : {};
    await record(delivery, {
      ...(await outcome(route, request, context)),
      seen,
    });
  });
}

/** Return whether the one side acts and the other stands by. */
async function isOfOneSide(
  job: Job,
  tick: Date,
  reason: string | null,
): Promise<boolean> {
  const { ownership } = await job.ownership();
  const key = `${job.id}\n${tickText(tick)}`;
  const owner = await ownerOf(ownership?.jobs?.[job.id], key, tick);
  return reason ? reason === "owner inngest" : owner === "vercel";
}

async function outcome(route: Route, request: NextRequest, context: unknown) {
  try {
    const answer = (await route(request, context as never)) as Response;
    return outcomeOf(null, answer.status, answer.text());
  } catch (error) {
    return { status: "failed" as const, attempts: 1, error };
  }
}

/** Return a route of the dispatcher that rehearses Vercel's calls behind their answers. */
export function rehearsedGet(
  jobs: Guarded[],
  get: (request: NextRequest, own?: unknown) => Promise<Response>,
  route: Route,
  context?: object,
) {
  return (request: NextRequest, own?: unknown): Promise<Response> => {
    const answer = get(request, own);
    const skipped = answer.then(
      ({ headers }) => headers.get("x-cronshift-skipped"),
      () => null,
    );
    const { url, headers } = request;
    rehearseCall(jobs, route, url, headers, skipped, context ?? own);
    return answer;
  };
}

/** Drive both sides of a job with a dry run, at 0 and at 100 percent; the dry run may fail. */
import { NextRequest } from "next/server";

import { callOf, direct, due } from "./cronshift/calls";
import { dispatched } from "./cronshift/dispatch";
import { every } from "./cronshift/guard";
import { toldCall, toldDue, toldGet } from "./cronshift/ledger";
import type { Ownership } from "./cronshift/ownership";
import {
  rehearseBehind,
  rehearseBeside,
  rehearsedGet,
} from "./cronshift/rehearsal";

const [percent, dryRun = "", fails] = process.argv.slice(2);
const epoch = {
  effective_at: "2026-01-01T00:00:00Z",
  percent: Number(percent),
  operation: "01",
  ...(percent === "paused" ? { percent: 50, owner: "nobody" } : {}),
};
const ownership: Ownership = { version: 1, jobs: { tally: [epoch] } };
const job = {
  id: "tally",
  path: "/api/cron/tally",
  schedule: "* * * * *",
  rehearsal: { dryRun, ignore: ["took"] },
};
const jobs = [{ ...job, tick: every(60_000, 0, 0) }];
const asked: string[] = [];

function route(request: NextRequest) {
  const isDry =
    request.nextUrl.searchParams.get("dry_run") === "1" ||
    request.headers.get("x-dry-run") === "1";
  asked.push(isDry ? "dry" : "wet");
  if (isDry && fails) throw new TypeError("s3cret of the dry run");
  return Response.json({ checked: 7, took: asked.length });
}

const steps: string[] = [];
const step = {
  run: async (id: string, work: () => Promise<string>) => {
    steps.push(id);
    return work();
  },
  sleep: async (id: string) => void steps.push(id),
};

void (async () => {
  const handler = route as never;
  const answered = dispatched(jobs, ownership, handler);
  const told = toldGet(jobs, ownership, answered);
  const get = rehearsedGet({ jobs, source: ownership, handler }, told);
  const headers = {
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron-schedule": "* * * * *",
    authorization: `Bearer ${process.env["CRON_SECRET"]}`,
  };
  const url = "http://app/api/cronshift/api/cron/tally";
  const answer = await get(new NextRequest(url, { headers }));
  const vercel: unknown = await answer.json();
  await new Promise((resolve) => setTimeout(resolve, 300)); // what it left behind
  const byVercel = asked.splice(0);
  const data = { scheduledAt: "2026-11-27T12:00:00Z" };
  const event = { name: "inngest/scheduled.timer", data };
  const call = callOf(job, event, "01RUN");
  const sent = Date.parse("2026-11-27T12:00:01Z");
  const skipped = await toldDue(call, ownership, due(call, ownership), sent);
  let inngest: unknown = skipped;
  const work = (each: typeof call) => direct(handler, each);
  if (skipped) {
    await rehearseBeside(step, call, ownership, skipped, sent, work);
  } else {
    inngest = (await toldCall(call, ownership, work(call), 1)).body;
    await rehearseBehind(step, call, ownership, work);
  }
  console.log(
    JSON.stringify({ vercel, inngest, byVercel, byInngest: asked, steps }),
  );
})();

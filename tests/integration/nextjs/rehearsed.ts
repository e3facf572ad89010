/** Drive both sides of a job with a dry run, at 0 and at 100 percent; the dry run may fail. */
import { NextRequest } from "next/server";

import { callOf, direct, due } from "./cronshift/calls";
import { every } from "./cronshift/guard";
import { toldCall, toldDue, toldGet } from "./cronshift/ledger";
import { builtIn } from "./cronshift/ownership";
import {
  rehearseBehind,
  rehearseBeside,
  rehearsedGet,
} from "./cronshift/rehearsal";
import { guardedTwins } from "./cronshift/twins";

const [percent, dryRun = "", fails] = process.argv.slice(2);
const epoch = {
  effective_at: "2026-01-01T00:00:00Z",
  percent: Number(percent),
  operation: "01",
  ...(percent === "paused" ? { percent: 50, owner: "nobody" } : {}),
};
const job = {
  id: "tally",
  path: "/api/cron/tally",
  schedule: "* * * * *",
  ownership: builtIn({ version: 1, jobs: { tally: [epoch] } }),
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
  const told = toldGet(jobs, guardedTwins(jobs, route));
  const get = rehearsedGet(jobs, told, route);
  const headers = {
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron-schedule": "* * * * *",
    authorization: `Bearer ${process.env["CRON_SECRET"]}`,
  };
  const url = "http://app/api/cronshift/api/cron/tally";
  const answer = await get(new NextRequest(url, { headers }), {});
  const vercel: unknown = await answer.json();
  await new Promise((resolve) => setTimeout(resolve, 300)); // what it left behind
  const byVercel = asked.splice(0);
  const data = { scheduledAt: "2026-11-27T12:00:00Z" };
  const event = { name: "inngest/scheduled.timer", data };
  const call = callOf(job, event, "01RUN");
  const sent = Date.parse("2026-11-27T12:00:01Z");
  const skipped = await toldDue(call, due(call), sent);
  let inngest: unknown = skipped;
  const work = (each: typeof call) => direct(route, each);
  if (skipped) await rehearseBeside(step, call, skipped, sent, work);
  else {
    inngest = (await toldCall(call, work(call), 1)).body;
    await rehearseBehind(step, call, work);
  }
  console.log(
    JSON.stringify({ vercel, inngest, byVercel, byInngest: asked, steps }),
  );
})();

/** Drive the guard and a function of an app with a ledger, at 0 and at 100 percent. */
import { NextRequest } from "next/server";

import { callOf, direct, due } from "./cronshift/calls";
import { every } from "./cronshift/guard";
import { toldCall, toldDue, toldGet } from "./cronshift/ledger";
import { builtIn } from "./cronshift/ownership";
import { guardedTwins } from "./cronshift/twins";

const [percent, kind] = process.argv.slice(2);
const epoch = {
  effective_at: "2026-01-01T00:00:00Z",
  percent: Number(percent),
  operation: "01",
};
const ownership = builtIn({ version: 1, jobs: { tally: [epoch] } });
const job = {
  id: "tally",
  path: "/api/cron/tally",
  schedule: "* * * * *",
  ownership,
};
const jobs = [{ ...job, tick: every(60_000, 0, 0) }];

function route() {
  if (kind === "throws") throw new TypeError("s3cret of the database");
  return Response.json(
    { checked: 7, users: { active: 0.5 } },
    { status: kind === "fails" ? 500 : 200 },
  );
}

void (async () => {
  const get = toldGet(jobs, guardedTwins(jobs, route));
  const headers = {
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron-schedule": "* * * * *",
    authorization: `Bearer ${process.env["CRON_SECRET"]}`,
  };
  const url = "http://app/api/cronshift/api/cron/tally";
  const asked = get(new NextRequest(url, { headers }), {});
  const answer = await asked.catch((error: Error) => error);
  const data = { scheduledAt: "2026-11-27T12:00:00Z" };
  const event = { name: "inngest/scheduled.timer", data };
  const call = callOf(job, event, "01RUN");
  const skipped = await toldDue(call, due(call));
  const work = () => toldCall(call, direct(route, call));
  const done = skipped ?? (await work().catch((error: Error) => error.name));
  console.log(
    JSON.stringify([
      answer instanceof Error ? answer.name : answer.status,
      done,
    ]),
  );
})();

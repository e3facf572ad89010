/** Print the milliseconds of a guard's decision, without the ledger and with it; half of many take no longer. */
import { NextRequest } from "next/server";

import { every } from "./cronshift/guard";
import { toldGet } from "./cronshift/ledger";
import { builtIn } from "./cronshift/ownership";
import { guardedTwins } from "./cronshift/twins";

const CALLS = 1_000;
const epoch = {
  effective_at: "2026-01-01T00:00:00Z",
  percent: 100,
  operation: "01",
};
const job = {
  id: "tally",
  path: "/api/cron/tally",
  schedule: "* * * * *",
  ownership: builtIn({ version: 1, jobs: { tally: [epoch] } }),
};
const jobs = [{ ...job, tick: every(60_000, 0, 0) }];
const headers = {
  "user-agent": "vercel-cron/1.0",
  "x-vercel-cron-schedule": "* * * * *",
  authorization: `Bearer ${process.env["CRON_SECRET"]}`,
};
const url = "http://app/api/cronshift/api/cron/tally";
const without = guardedTwins(jobs, () => Response.json({}));
const told = toldGet(jobs, without);

async function median(get: typeof told): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < CALLS; call += 1) {
    const request = new NextRequest(url, { headers });
    const start = performance.now();
    await get(request, {});
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 2)); // what is sent behind
  }
  times.sort((one, other) => one - other);
  return times[CALLS / 2] ?? 0;
}

void (async () => {
  const [, first] = [await median(without), await median(without)];
  const ledger = process.env["TO"];
  process.env["CRONSHIFT_LEDGER_URL"] = ledger;
  const [, second] = [await median(told), await median(told)];
  console.log(JSON.stringify([first, second]));
  process.exit();
})();

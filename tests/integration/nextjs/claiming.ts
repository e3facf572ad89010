/** Drive both sides of a job with claims, in a database or at an address: duplicates, failures, a replay. */
import { NextRequest } from "next/server";
import { Pool } from "pg";

import { callOf, direct, due } from "./cronshift/calls";
import {
  claimed,
  claimedCall,
  claimedDue,
  claimsIn,
  released,
} from "./cronshift/claims";
import { claimsAfar } from "./cronshift/claims-afar";
import { every, guarded } from "./cronshift/guard";
import { builtIn } from "./cronshift/ownership";

const url = process.env["CRONSHIFT_CLAIMS_URL"] ?? "";
const pool = new Pool({
  connectionString: url,
  connectionTimeoutMillis: 2_000,
});
const claims = url.startsWith("http") ? claimsAfar() : claimsIn(pool);
const job = {
  id: "tally",
  path: "/api/cron/tally",
  schedule: "* * * * *",
  ownership: builtIn({ version: 1 }),
};
const jobs = [{ ...job, tick: every(60_000, 0, 0) }];
const statuses: number[] = [];
let calls = 0;

function route() {
  calls += 1;
  return Response.json({ calls }, { status: statuses.shift() ?? 200 });
}

const headers = {
  "user-agent": "vercel-cron/1.0",
  "x-vercel-cron-schedule": "* * * * *",
  authorization: `Bearer ${process.env["CRON_SECRET"]}`,
};

async function vercel(): Promise<unknown> {
  const [guard] = jobs;
  if (!guard) return null;
  const get = guarded(guard, claimed(claims, jobs, route));
  const request = new NextRequest("http://app/x", { headers });
  const answer = await get(request, {});
  return [answer.status, await answer.json()];
}

async function run(runId: string, data: object): Promise<unknown> {
  const event = { name: "inngest/function.invoked", data };
  const call = callOf(job, event, runId);
  try {
    const reason = await claimedDue(claims, call, due(call));
    if (reason) return reason;
    return (await claimedCall(claims, call, direct(route, call))).status;
  } catch (error) {
    await released(claims, job, { event, run_id: runId });
    return error instanceof Error ? error.message.slice(0, 60) : "error";
  }
}

void (async () => {
  const missed = {
    cronshift: "replay",
    scheduledAt: "2026-11-27T12:00:00Z",
    missed: true,
  };
  const answers: unknown[] = [];
  answers.push(await vercel(), await vercel());
  answers.push(await run("01A", missed), await run("01B", missed));
  const later = { ...missed, scheduledAt: "2026-11-27T12:01:00Z" };
  statuses.push(500);
  answers.push(await run("01C", later), await run("01D", later));
  console.log(JSON.stringify({ answers, calls }));
  await pool.end();
})();

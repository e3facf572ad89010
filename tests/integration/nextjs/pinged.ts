/** Let a run of a job begin and come to its end, and print what became of each ping. */
import type { Call } from "./cronshift/calls";
import { pingDue, pingFailure, pingSuccess } from "./cronshift/heartbeat";

const job = { id: "tally", path: "/x", schedule: "0 3 * * *", heartbeat: "MONITOR" };
const runId = "01M8EEF3JTNMEAQHZQ4RXVZ310";

async function run(byHand: boolean): Promise<string[]> {
  const call = { job, runId, tick: new Date(), isScheduled: !byHand } as Call;
  const data = byHand ? { cronshift: "run" } : {};
  const ended = { run_id: runId, event: { name: "inngest/scheduled.timer", data } };
  return [
    String(await pingDue(call, Promise.resolve(null))),
    await pingSuccess(job, call),
    await pingFailure(job, "no", ended),
  ];
}

void run(process.argv[2] === "by hand").then((told) => console.log(JSON.stringify(told)));

/** Bury a run of the tick that standard input describes, and print how that went. */
import { bury } from "./cronshift/dead-letters";

const [status, kind] = process.argv.slice(2);
const error = new TypeError("postgres://user:p4ss@db/app refused\nonce more");
const data = {
  scheduledAt: "2026-11-27T12:00:00Z",
  ...(kind === "by hand" ? { cronshift: "run" } : {}),
};
const name = kind === "event" ? "shop/paid" : "inngest/scheduled.timer";
const ended = { run_id: "01RUN", event: { name, id: "01EVENT", data } };
void bury({ id: "tally" }, ended, error, status as "failed").then(console.log);

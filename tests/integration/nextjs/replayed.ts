/** Say whether a function of the app makes up for a missed tick. */
import { callOf, due } from "./cronshift/calls";
import { builtIn } from "./cronshift/ownership";

const data = {
  cronshift: "replay",
  scheduledAt: "2026-11-27T12:00:00Z",
  missed: true,
};
const event = { name: "inngest/function.invoked", data };
const job = {
  id: "tally",
  path: "/api/cron/tally",
  schedule: "* * * * *",
  ownership: builtIn({ version: 1 }),
};
void due(callOf(job, event, "01RUN")).then(console.log);

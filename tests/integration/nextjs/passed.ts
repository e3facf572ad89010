/** Say which of late ticks are passed over. */
import { readFileSync } from "node:fs";

import type { Call } from "./cronshift/calls";
import { passedOver } from "./cronshift/missed";

type Case = { policy: "latest" | "none"; tick: string; now: string };

const due = {
  minutes: "0",
  hours: "*",
  days: "*",
  months: "*",
  weekdays: "*",
};
const cases = JSON.parse(readFileSync(0, "utf8")) as Case[];
console.log(
  JSON.stringify(
    cases.map(({ policy, tick, now }) => {
      const call = { isScheduled: true, tick: new Date(tick) } as Call;
      return passedOver(call, { policy, due }, new Date(now));
    }),
  ),
);

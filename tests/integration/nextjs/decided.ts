/** What the generated guard decides for each call of the vectors. */
import { readFileSync } from "node:fs";

import { decide, type Guarded } from "./lib/inngest/guard";
import { parse } from "./lib/inngest/ownership";

type Call = { now: string; headers: Record<string, string> };

const { jobs, file, calls } = JSON.parse(readFileSync(0, "utf8")) as {
  jobs: Guarded[];
  file: string;
  calls: Call[];
};
const ownership = parse(JSON.parse(file));

void Promise.all(
  calls.map(({ now, headers }) =>
    decide(jobs, "?m=%2F", new Headers(headers), new Date(now), ownership),
  ),
).then((decisions) => console.log(JSON.stringify(decisions)));

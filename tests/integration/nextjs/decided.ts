/** What the library's guard decides for each call of the vectors. */
import { readFileSync } from "node:fs";

import { decide, type Guarded } from "./cronshift/guard";
import { parse } from "./cronshift/reading";
import { type Due, scheduled } from "./cronshift/ticks";

type Call = { now: string; headers: Record<string, string> };

type Told = Omit<Guarded, "tick"> & { due: Due; late: number };

const { jobs, file, calls } = JSON.parse(readFileSync(0, "utf8")) as {
  jobs: Told[];
  file: string;
  calls: Call[];
};
const ownership = parse(JSON.parse(file));
const guarded = jobs.map(({ due, late, ...job }) => ({
  ...job,
  tick: scheduled(late, due),
}));

void Promise.all(
  calls.map(({ now, headers }) =>
    decide(guarded, "?m=%2F", new Headers(headers), ownership, new Date(now)),
  ),
).then((decisions) => console.log(JSON.stringify(decisions)));

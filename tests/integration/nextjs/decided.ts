/** What the library's guard decides for each call of the vectors. */
import { readFileSync } from "node:fs";

import { type Guarded, answerTo } from "./cronshift/guard";
import { builtIn } from "./cronshift/ownership";
import { parse } from "./cronshift/reading";
import { type Due, scheduled } from "./cronshift/ticks";
import { meant } from "./cronshift/twins";

type Call = { now: string; headers: Record<string, string> };

type Told = Omit<Guarded, "tick" | "ownership"> & { due: Due; late: number };

const { jobs, file, calls } = JSON.parse(readFileSync(0, "utf8")) as {
  jobs: Told[];
  file: string;
  calls: Call[];
};
const ownership = builtIn(parse(JSON.parse(file)));

async function decided({ now, headers }: Call) {
  const guarded = jobs.map(({ due, late, ...job }) => ({
    ...job,
    ownership,
    tick: () => scheduled(late, due)(new Date(now)),
  }));
  const asked = new Headers(headers);
  const refusal = await answerTo(
    { headers: asked, method: "GET" } as Request,
    meant(guarded, "/x?m=%2F", asked),
  );
  return refusal && { status: refusal.status, ...(await refusal.json()) };
}

void Promise.all(calls.map(decided)).then((decisions) =>
  console.log(JSON.stringify(decisions)),
);

/** Says how many sides act on a tick by each file that is given, which no cronshift has checked. */
import { readFileSync } from "node:fs";

import { builtIn, type Ownership, skipReason } from "./cronshift/ownership";

const files = JSON.parse(readFileSync(0, "utf8")) as Ownership[];

async function acting(file: Ownership): Promise<number | string> {
  try {
    const ownership = builtIn(file);
    const job = { id: "constructor", path: "", schedule: "", ownership };
    const tick = new Date("2026-11-24T12:00:00Z");
    const sides = ["vercel", "inngest"].map((side) =>
      skipReason(side, job, tick),
    );
    return (await Promise.all(sides)).filter((reason) => !reason).length;
  } catch {
    return "refused";
  }
}

void Promise.all(files.map(acting)).then((counts) =>
  console.log(JSON.stringify(counts)),
);

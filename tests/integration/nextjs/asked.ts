/** Answers, with the library beside it, the questions that a test gives on stdin. */
import { readFileSync } from "node:fs";

import { digestOf } from "./cronshift/digest";
import {
  bucket,
  builtIn,
  ownerOf,
  type Ownership,
  skipReason,
} from "./cronshift/ownership";
import { parse } from "./cronshift/reading";

type Document = { text: string };
type Tick = { job: string; tick: string };
type Key = { unit: string; key: string };
type Acting = { side: "inngest" | "vercel"; file: string } & Tick;

const { acting, buckets, documents, file, owners } = JSON.parse(
  readFileSync(0, "utf8"),
) as {
  acting?: Acting[];
  buckets: Key[];
  documents: Document[];
  file: string;
  owners: Tick[];
};

/** What a document says, or null where it is refused. */
async function reading({ text }: Document) {
  try {
    const ownership = parse(JSON.parse(text));
    const units = (of: typeof ownership.jobs) =>
      Object.entries(of ?? {}).map(([name, epochs]) => [
        name,
        epochs.map((epoch) => [
          epoch.effective_at,
          epoch.percent,
          epoch.operation,
          ...(epoch.owner ? [epoch.owner] : []),
        ]),
      ]);
    const reads = { jobs: units(ownership.jobs), flows: units(ownership.flows) };
    return { reads, digest: await digestOf(ownership) };
  } catch {
    return { reads: null };
  }
}

void (async () => {
  const ownership = parse(JSON.parse(file));
  console.log(
    JSON.stringify({
      acting: await Promise.all(
        (acting ?? []).map(
          async ({ side, file: held, job, tick }) =>
            !(await skipReason(
              side,
              {
                id: job,
                path: "",
                schedule: "",
                ownership: builtIn(JSON.parse(held) as Ownership),
              },
              new Date(tick),
            )),
        ),
      ),
      buckets: await Promise.all(
        buckets.map(({ unit, key }) => bucket(`${unit}\n${key}`)),
      ),
      documents: await Promise.all(documents.map(reading)),
      owners: await Promise.all(
        owners.map(({ job, tick }) =>
          ownerOf(ownership.jobs?.[job], `${job}\n${tick}`, new Date(tick)),
        ),
      ),
    }),
  );
})();

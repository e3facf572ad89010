/** What each answer of the vectors means to the library beside it. */
import { readFileSync } from "node:fs";

import { bridged } from "./cronshift/bridge";
import type { Call } from "./cronshift/calls";
import { retryAfter } from "./cronshift/retry-after";

type Text = string | { runs: [string, number][] };
type Vector = {
  status: number;
  headers: Record<string, string>;
  body: Text;
};

const { now, answers } = JSON.parse(readFileSync(0, "utf8")) as {
  now: string;
  answers: Vector[];
};
Date.now = () => Date.parse(now);

const call: Call = {
  job: {
    id: "x",
    path: "/x",
    schedule: "0 0 * * *",
    ownership: () => ({ ownership: null, held: 0 }),
    failure: retryAfter,
  },
  path: "/x",
  tick: new Date(now),
  isScheduled: false,
  data: {},
  runId: "01RUN",
};

function whole(text: Text): string {
  if (typeof text === "string") return text;
  return text.runs.map(([piece, times]) => piece.repeat(times)).join("");
}

async function judged({ status, headers, body }: Vector) {
  const empty = [204, 304].includes(status);
  globalThis.fetch = async () =>
    new Response(empty ? null : new TextEncoder().encode(whole(body)), {
      status,
      headers,
    });
  try {
    return { kept: await bridged(call, "NOWHERE", "http://app") };
  } catch (error) {
    const { name, message, retryAfter } = error as Error & {
      retryAfter?: string;
    };
    return { name, message, wait: retryAfter ?? null };
  }
}

void Promise.all(answers.map(judged)).then((means) =>
  console.log(JSON.stringify(means)),
);

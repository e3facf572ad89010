/** What is held over a sequence of answers: [milliseconds that pass, what the address answers] each. */
import { readFileSync } from "node:fs";

import { fromEnvironment } from "./cronshift/environment";

type Answer = number | string | "never" | "drips" | "large";

const source = fromEnvironment(JSON.parse(readFileSync("built.json", "utf8")));
const steps = JSON.parse(process.argv[2] ?? "[]") as [number, Answer][];
let now = 1_000_000;
let asked = 0;
Date.now = () => now;
console.warn = () => undefined;
const alive = setInterval(() => undefined, 1000); // a deadline alone does not keep Node waiting

/** A body that comes one byte at a time, and never ends before its reader gives up. */
function dripping(signal: AbortSignal | null | undefined): ReadableStream {
  return new ReadableStream({
    start(controller) {
      signal?.addEventListener("abort", () => controller.error(signal.reason));
      controller.enqueue(new TextEncoder().encode("{"));
    },
  });
}

void (async () => {
  const seen: unknown[] = [];
  for (const [passed, answer] of steps) {
    now += passed;
    globalThis.fetch = async (_url, init) => {
      asked += 1;
      if (answer === "never") {
        return new Promise((_, reject) =>
          init?.signal?.addEventListener("abort", () => reject(new Error("x"))),
        );
      }
      if (answer === "drips") return new Response(dripping(init?.signal));
      if (answer === "large") {
        return new Response(`{"version": 1}${" ".repeat(5_000_000)}`);
      }
      if (typeof answer === "number") {
        return new Response("no", { status: answer });
      }
      return new Response(answer);
    };
    const { ownership } = await source();
    seen.push([ownership && Object.keys(ownership.jobs ?? {}), asked]);
  }
  clearInterval(alive);
  console.log(JSON.stringify(seen));
})();

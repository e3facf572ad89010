/**
 * One function for each kind of step and of failure, served by the JavaScript SDK without a build.
 *
 * `node endpoint.mjs [port]` listens on 127.0.0.1 (0 or nothing: any free port), prints
 * {"port": N}, and ends when its standard input does. GET /failures tells what onFailure recorded.
 */
import { createServer } from "node:http";
import { Inngest, NonRetriableError, RetryAfterError } from "inngest";
import { serve } from "inngest/node";

const inngest = new Inngest({ id: "cross-check", isDev: process.env.INNGEST_DEV === "1" });
const triggers = [{ event: "cross-check/start" }];

/** @type {Map<string, number>} how often each place of each run was reached */
const calls = new Map();
/** @type {{message: string, function: string}[]} */
const failures = [];

/**
 * @param {string} place a name and a run's id
 * @returns {number} which call of that place this is, from 1
 */
const count = (place) => {
  calls.set(place, (calls.get(place) ?? 0) + 1);
  return /** @type {number} */ (calls.get(place));
};

/**
 * @param {string} place a name and a run's id
 * @param {number} good the first call that does not throw
 * @returns {number} the number of this call
 */
const failUntil = (place, good) => {
  const number = count(place);
  if (number < good) throw new Error(`attempt ${number} fails`);
  return number;
};

const plain = inngest.createFunction({ id: "plain", triggers }, () => ({ ok: true }));

const steps = inngest.createFunction({ id: "steps", triggers }, async ({ step }) => {
  const first = await step.run("first", () => 1);
  const second = await step.run("second", () => first + 1);
  return await step.run("third", () => second + 1);
});

const parallel = inngest.createFunction({ id: "parallel", triggers }, async ({ step }) => {
  const parts = await Promise.all(["a", "b", "c"].map((id) => step.run(id, () => id)));
  return await step.run("join", () => parts.join(""));
});

const sleeper = inngest.createFunction({ id: "sleeper", triggers }, async ({ step }) => {
  const before = await step.run("before", () => "before");
  await step.sleep("nap", "1h");
  return [before, await step.run("after", () => "after")];
});

const until = inngest.createFunction({ id: "until", triggers }, async ({ step }) => {
  await step.sleepUntil("date", new Date("2099-01-01T00:00:00Z"));
  return "woken";
});

const waiter = inngest.createFunction({ id: "waiter", triggers }, async ({ step }) =>
  step.waitForEvent("wait", { event: "x/y", timeout: "1h" }),
);

const sender = inngest.createFunction({ id: "sender", triggers }, async ({ step }) => {
  const events = [1, 2].map((number) => ({ name: "x/sent", data: { number } }));
  return (await step.sendEvent("send", events)).ids;
});

const invoker = inngest.createFunction({ id: "invoker", triggers }, async ({ step }) =>
  step.invoke("call", { function: plain, data: { from: "invoker" } }),
);

const flaky = inngest.createFunction({ id: "flaky", triggers }, async ({ step, runId }) =>
  step.run("third time", () => failUntil(`flaky ${runId}`, 3)),
);

const flakyFunction = inngest.createFunction({ id: "flaky-function", triggers }, ({ runId }) =>
  failUntil(`flaky-function ${runId}`, 3),
);

const broken = inngest.createFunction(
  {
    id: "broken",
    triggers,
    retries: 2,
    onFailure: async ({ error, event, step }) =>
      step.run("record", () => {
        failures.push({ message: error.message, function: event.data.function_id });
        return failures.length;
      }),
  },
  async ({ step }) =>
    step.run("always", () => {
      throw new TypeError("broken for good");
    }),
);

const caught = inngest.createFunction({ id: "caught", triggers, retries: 1 }, async ({ step }) => {
  try {
    return await step.run("always", () => {
      throw new Error("to be caught");
    });
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
});

const nonRetriable = inngest.createFunction({ id: "non-retriable", triggers }, async ({ step }) =>
  step.run("refuse", () => {
    throw new NonRetriableError("no use");
  }),
);

const retryAfter = inngest.createFunction(
  { id: "retry-after", triggers },
  async ({ step, runId }) =>
    step.run("second time", () => {
      if (count(`retry-after ${runId}`) === 1) throw new RetryAfterError("later", "90s");
      return "done";
    }),
);

const ticker = inngest.createFunction(
  { id: "ticker", triggers: [{ cron: "TZ=UTC 0 6 * * *" }] },
  ({ event }) => event,
);

const answer = serve({
  client: inngest,
  functions: [
    plain, steps, parallel, sleeper, until, waiter, sender, invoker, flaky, flakyFunction,
    broken, caught, nonRetriable, retryAfter, ticker,
  ],
});

const server = createServer((request, response) => {
  const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
  if (path === "/api/inngest") return answer(request, response);
  const known = path === "/failures" && request.method === "GET";
  response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
  return response.end(JSON.stringify(known ? failures : { error: "not found" }));
});

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(JSON.stringify({ port: address.port }));
});
process.stdin.resume().on("end", () => process.exit(0));

/**
 * The second endpoint: every kind of step and of failure, served by the TypeScript SDK.
 *
 * Prints {"port": N} once it listens on the loopback, and ends when its standard input does.
 */
import { createServer } from "node:http";
import { Inngest, NonRetriableError, RetryAfterError } from "inngest";
import { serve } from "inngest/node";

const inngest = new Inngest({ id: "check", isDev: process.env.INNGEST_DEV === "1" });
const triggers = [{ cron: "TZ=UTC 0 6 * * *" }, { event: "check/start" }];
const calls = new Map<string, number>();
const count = (name: string) => {
  calls.set(name, (calls.get(name) ?? 0) + 1);
  return calls.get(name)!;
};
const failUntil = (name: string, good: number) => {
  const number = count(name);
  if (number < good) throw new Error(`${name} fails, number ${number}`);
  return number;
};

const plain = inngest.createFunction({ id: "plain", triggers }, ({ event }) => ({
  said: event.name,
  data: event.data,
}));

const steps = inngest.createFunction({ id: "steps", triggers }, async ({ step }) => {
  const one = await step.run("one", () => "a");
  const two = await step.run("two", () => one + "b");
  return await step.run("two", () => two + "c");
});

const parallel = inngest.createFunction({ id: "parallel", triggers }, async ({ step }) => {
  const said = await Promise.all(
    ["a", "b", "c"].map((text) => step.run(`say ${text}`, () => (count(text), text))),
  );
  const last = await step.run("last", () => "d");
  return [...said, last];
});

const races = inngest.createFunction({ id: "races", triggers }, async ({ step }) =>
  Promise.race([
    step.sleep("nap", "1h").then(() => "slept"),
    step.run("work", () => "worked"),
  ]),
);

const sleeps = inngest.createFunction({ id: "sleeps", triggers }, async ({ step }) => {
  await step.sleep("nap", "2h");
  await step.sleepUntil("long nap", new Date("2099-01-01T00:00:00Z"));
  return "awake";
});

const waits = inngest.createFunction({ id: "waits", triggers }, async ({ step }) => {
  const came = await step.waitForEvent("answer", {
    event: "check/answer",
    timeout: "1h",
    if: "async.data.id == event.data.id",
  });
  return came ? came.data : null;
});

const sends = inngest.createFunction({ id: "sends", triggers }, async ({ step }) => {
  const sent = await step.sendEvent("send", [
    { name: "check/sent", data: { number: 1 } },
    { name: "check/sent", data: { number: 2 } },
  ]);
  return sent.ids.length;
});

const invokes = inngest.createFunction({ id: "invokes", triggers }, ({ step }) =>
  step.invoke("call", { function: plain, data: { by: "invokes" } }),
);

const invokesBroken = inngest.createFunction(
  { id: "invokes-broken", triggers },
  async ({ step }) => {
    try {
      await step.invoke("call", { function: nonRetriable, data: {} });
    } catch (error) {
      return `caught: ${(error as Error).message}`;
    }
    return "nothing to catch";
  },
);

const flakyStep = inngest.createFunction({ id: "flaky-step", triggers }, async ({ step }) => {
  await step.run("before", () => "before");
  return await step.run("flaky", () => failUntil("flaky-step", 3));
});

const flaky = inngest.createFunction({ id: "flaky", triggers }, () => failUntil("flaky", 3));

const flakyParallel = inngest.createFunction(
  { id: "flaky-parallel", triggers },
  async ({ step }) =>
    Promise.all([
      step.run("flaky", () => failUntil("flaky-parallel", 2)),
      step.run("fine", () => failUntil("fine", 1)),
    ]),
);

const broken = inngest.createFunction(
  {
    id: "broken",
    triggers,
    onFailure: async ({ error, event, step }) =>
      step.run("clean up", () => ({ error: error.message, failed: event.data.function_id })),
  },
  async ({ step }) => step.run("broken", () => failUntil("broken", 99)),
);

const catches = inngest.createFunction({ id: "catches", triggers }, async ({ step }) => {
  try {
    await step.run("broken", () => failUntil("catches", 99));
  } catch (error) {
    return await step.run("instead", () => (error as Error).message);
  }
  return "nothing to catch";
});

const nonRetriable = inngest.createFunction({ id: "non-retriable", triggers }, () => {
  throw new NonRetriableError("no use");
});

const nonRetriableStep = inngest.createFunction(
  { id: "non-retriable-step", triggers },
  async ({ step }) =>
    step.run("refuse", () => {
      throw new NonRetriableError("no use in a step");
    }),
);

const later = inngest.createFunction({ id: "later", triggers }, () => {
  if (count("later") === 1) throw new RetryAfterError("busy", "90s");
  return "done";
});

const laterStep = inngest.createFunction({ id: "later-step", triggers }, async ({ step }) =>
  step.run("wait", () => {
    if (count("later-step") === 1) throw new RetryAfterError("busy", "90s");
    return "done";
  }),
);

const functions = [
  plain, steps, parallel, races, sleeps, waits, sends, invokes, invokesBroken, flakyStep, flaky,
  flakyParallel, broken, catches, nonRetriable, nonRetriableStep, later, laterStep,
];
const server = createServer(serve({ client: inngest, functions }));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address && typeof address === "object") console.log(JSON.stringify({ port: address.port }));
});
process.stdin.resume().on("end", () => process.exit(0));

/**
 * Calls each route as it was, and the function that it became, before the same upstream; prints what
 * each asked of it and how each ended, a line of JSON a shape and a state of the upstream.
 */
import { createServer } from "node:http";
import { NonRetriableError, RetryAfterError } from "inngest";

type Shape = { name: string; route: string; work: string; steps: string; path: string; paged: boolean; schedule: string };
type Ending = { result?: unknown; error?: string; message?: string; seconds?: number };

const RETRIED = [408, 425, 429];
const STATES: Record<string, { rows: number; broken: RegExp }> = {
  empty: { rows: 0, broken: /^$/ },
  one: { rows: 1, broken: /^$/ },
  two: { rows: 2, broken: /items\/2/ },
  well: { rows: 3, broken: /^$/ },
  broken: { rows: 3, broken: /./ },
  half: { rows: 2, broken: /store|few|send|items|rates|hours|kinds|predict.t|keep/ },
};
let state = STATES.well;
let asked: string[] = [];

const upstream = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    asked.push(`${request.method} ${request.url} ${body}`);
    const name = (request.url ?? "").slice(1);
    const rows = Array.from({ length: state.rows }, (_, at) => ({ id: at + 1, muted: at === 1 }));
    const page = Number(name.split("/")[1]);
    const answers: Record<string, unknown> = {
      rows: { rows },
      due: { due: rows.map((row) => row.id) },
      [`pages/${page}`]: { page, next: page < state.rows ? page + 1 : null },
    };
    response.statusCode = state.broken.test(name) ? 503 : 200;
    response.end(JSON.stringify(answers[name] ?? { of: name }));
  });
});

async function asRoute(shape: Shape): Promise<Ending> {
  const module = await import(shape.route);
  const headers = {
    authorization: `Bearer ${process.env.CRON_SECRET}`,
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron": "1",
    "x-vercel-cron-schedule": shape.schedule,
  };
  const [status, text, isJson, after] = shape.paged
    ? await sent(module.default, shape.path, headers)
    : await answered(module.GET, shape.path, headers);
  if (status < 300) return { result: isJson ? parsed(text) : text || null };
  const isFinal = status < 500 && !RETRIED.includes(status);
  const message = text || `answered ${status}`;
  if (isFinal) return { error: "final", message };
  const seconds = Number(after) || Math.ceil((Date.parse(after ?? "") - Date.now()) / 1000) || undefined;
  return { error: "retried", message, seconds };
}

/** Returns what a text says, or the text itself where it is no JSON, whatever its answer calls it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text || null;
  }
}

async function answered(handler: any, path: string, headers: Record<string, string>) {
  const { NextRequest } = await import("next/server.js");
  const response = await handler(new NextRequest(`https://example.test${path}`, { headers }), {});
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return [response.status, await response.text(), isJson, response.headers.get("retry-after")] as const;
}

/** Serve a page's handler on the loopback, with what Next adds to a request and its response. */
async function sent(handler: any, path: string, headers: Record<string, string>) {
  const server = createServer(async (request: any, response: any) => {
    const query: Record<string, string | string[]> = {};
    for (const [name, value] of new URL(path, "http://x").searchParams) {
      const there = query[name];
      query[name] = there === undefined ? value : [there, value].flat();
    }
    request.query = query;
    response.status = (code: number) => Object.assign(response, { statusCode: code });
    response.json = (body: unknown) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(body));
    };
    response.send = response.json;
    try {
      await handler(request, response);
    } catch (error) {
      response.status(500).end((error as Error).message); // as Next answers, but for the words
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const isJson = (response.headers.get("content-type") ?? "").includes("json");
    return [response.status, await response.text(), isJson, response.headers.get("retry-after")] as const;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function asWork(shape: Shape): Promise<Ending> {
  const { work } = await import(shape.work);
  return { result: asJson(await work()) };
}

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));

/**
 * Runs the function once more behind every step, with what those before gave as JSON has it: a step
 * that is done never settles in the call that does it.
 */
async function inSteps(file: string): Promise<Ending> {
  const { work } = await import(file);
  const done = new Map<string, { data?: unknown; error?: unknown }>();
  for (;;) {
    const { promise, resolve } = settling<"again">();
    let begun = false;
    const run = (id: string, task: () => unknown) => {
      const outcome = done.get(id);
      if (outcome) return outcome.error ? Promise.reject(outcome.error) : Promise.resolve(outcome.data);
      if (!begun) {
        begun = true;
        Promise.resolve()
          .then(task)
          .then(
            (data) => done.set(id, { data: asJson(data) }),
            (error) => done.set(id, { error }),
          )
          .then(() => resolve("again"));
      }
      return new Promise(() => undefined);
    };
    const ending = work({ run }).then((value: unknown) => ({ result: asJson(value) }));
    const first = await Promise.race([ending, promise]);
    if (first !== "again") return first as Ending;
  }
}

function settling<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

async function ended(work: () => Promise<Ending>): Promise<Ending> {
  try {
    return await work();
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof NonRetriableError) return { error: "final", message };
    const seconds = error instanceof RetryAfterError ? Number(error.retryAfter) : undefined;
    return { error: "retried", message, seconds };
  }
}

async function recorded(work: () => Promise<Ending>): Promise<{ asked: string[]; ending: Ending }> {
  asked = [];
  onTheirWay.length = 0;
  const ending = await ended(work);
  await Promise.allSettled(onTheirWay); // what runs at once goes on behind the first failure
  return { asked: [...asked], ending };
}

const asking = globalThis.fetch;
const onTheirWay: Promise<Response>[] = [];
globalThis.fetch = (...request) => {
  const response = asking(...request);
  onTheirWay.push(response);
  return response;
};
for (const name of ["error", "warn", "log"] as const) console[name] = () => undefined;
await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
const { port } = upstream.address() as { port: number };
process.env.UPSTREAM_URL = `http://127.0.0.1:${port}`;
const shapes = JSON.parse(process.argv[2]) as Shape[];
for (const shape of shapes) {
  for (const name of Object.keys(STATES)) {
    state = STATES[name];
    const before = await recorded(() => asRoute(shape));
    const after = await recorded(() => asWork(shape));
    const stepped = shape.steps ? await recorded(() => inSteps(shape.steps)) : null;
    process.stdout.write(`${JSON.stringify({ shape: shape.name, state: name, before, after, stepped })}\n`);
  }
}
upstream.close();
upstream.closeAllConnections();

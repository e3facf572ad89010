/**
 * Calls each route as its framework answers it, and the function that it became, before the same upstream;
 * prints what each asked of it and how each ended, a line of JSON a shape and a state of the upstream.
 */
import { createServer } from "node:http";
import { NonRetriableError } from "inngest";

const RETRIED = [408, 425, 429];
const STATES = { well: [1, 2], empty: [], broken: null };
let rows = STATES.well;
let asked = [];

const upstream = createServer((request, response) => {
  asked.push(request.url);
  response.statusCode = rows === null ? 503 : 200;
  response.end(JSON.stringify({ rows }));
});

/** A server of Node's on the loopback, for one call. */
async function served(listener, path, headers) {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const ANSWERS = {
  hono: ({ default: app }, path, headers) => app.fetch(new Request(`http://app${path}`, { headers })),
  express: ({ default: app }, path, headers) => served(app, path, headers),
  koa: ({ default: app }, path, headers) => {
    app.silent = true;
    return served(app.callback(), path, headers);
  },
  fastify: async ({ default: app }, path, headers) => {
    const { statusCode, body, headers: told } = await app.inject({ url: path, headers });
    return new Response(statusCode === 204 ? null : body, { status: statusCode, headers: { "content-type": told["content-type"] ?? "" } });
  },
  nuxt: async ({ default: handler }, path, headers) => {
    const { createApp, createRouter, toNodeListener } = await import("h3");
    const router = createRouter({ preemptive: true }).get(path.split("?")[0], handler);
    return served(toNodeListener(createApp().use(router)), path, headers);
  },
  tanstack: ({ Route }, path, headers) => {
    const { handlers } = Route.options.server;
    const made = typeof handlers === "function" ? handlers({ createHandlers: (all) => all }) : handlers;
    return made.GET({ request: new Request(`http://app${path}`, { headers }) });
  },
};

async function asRoute({ framework, route, path, schedule }) {
  const headers = {
    authorization: `Bearer ${process.env.CRON_SECRET}`,
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron-schedule": schedule,
  };
  const response = await ANSWERS[framework](await import(route), path, headers);
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  if (response.ok) return { result: text ? (isJson ? JSON.parse(text) : text) : null };
  const isFinal = response.status < 500 && !RETRIED.includes(response.status);
  return { error: isFinal ? "final" : "retried", message: text };
}

async function asWork({ work }) {
  try {
    const { work: done } = await import(work);
    return { result: JSON.parse(JSON.stringify((await done()) ?? null)) };
  } catch (error) {
    return { error: error instanceof NonRetriableError ? "final" : "retried", message: error.message };
  }
}

async function recorded(work) {
  asked = [];
  const ending = await work();
  return { asked, ending };
}

console.error = () => undefined;
await new Promise((resolve) => upstream.listen(0, "127.0.0.1", resolve));
process.env.UPSTREAM_URL = `http://127.0.0.1:${upstream.address().port}`;
for (const shape of JSON.parse(process.argv[2])) {
  for (const state of Object.keys(STATES)) {
    rows = STATES[state];
    const before = await recorded(() => asRoute(shape));
    const after = await recorded(() => asWork(shape));
    console.log(JSON.stringify({ name: shape.name, state, before, after }));
  }
}
upstream.close();
upstream.closeAllConnections();

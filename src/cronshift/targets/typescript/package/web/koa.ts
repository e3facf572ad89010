/** An app of Koa, which takes Inngest's endpoint in; its own routes are asked over HTTP. */
import type { IncomingMessage } from "node:http";

import type { Route } from "./calls";

type Answering = (request: Request) => Response | Promise<Response>;
type Context = {
  method: string;
  path: string;
  url: string;
  originalUrl: string;
  host: string;
  status: number;
  body: unknown;
  req: IncomingMessage;
  request: object;
  set(name: string, value: string): void;
};
type Next = () => Promise<unknown>;
type App = {
  use(middleware: (context: Context, next: Next) => Promise<unknown>): unknown;
};

const PASSED = "x-cronshift-passed";
const LARGEST = 32 * 1024 * 1024; // bytes, of what Inngest sends with a run's state

/** Leave a call to the app's own route, which answers it at its own path. */
export const answered: Route = (request) => {
  const { origin, href } = new URL(request.url);
  const path = href.slice(origin.length);
  return new Response(null, { headers: { [PASSED]: path } });
};

/** Return what has an app answer Inngest, where it does not serve functions itself, and Vercel's cron at the routes that ask the guard. */
export function mounting(
  endpoint: ((context: never) => Promise<unknown>) | null,
  tell: Answering,
  routes: Record<string, Answering>,
) {
  const guarded = new Map(Object.entries(routes));
  return (app: App): void => {
    app.use(async (context, next) => {
      const isInngest = context.path === "/api/inngest";
      if (isInngest && context.method !== "OPTIONS") {
        if (!endpoint) return next();
        await readBody(context);
        return endpoint(context as never);
      }
      const answer = isInngest ? tell : guarded.get(context.path);
      if (!answer) return next();
      const given = await answer(requestOf(context));
      const path = given.headers.get(PASSED);
      if (path === null) return reply(given, context);
      context.url = context.originalUrl = path;
      Object.assign(context.request, { originalUrl: path });
      return next();
    });
  };
}

/** Read the JSON of a request, which no parser of the app's has come to yet. */
async function readBody({ req, request }: Context): Promise<void> {
  if ("body" in request && request.body !== undefined) return;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) throw new Error("The request's body is too large.");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  Object.assign(request, { body: text ? (JSON.parse(text) as unknown) : {} });
}

async function reply(given: Response, context: Context): Promise<void> {
  context.status = given.status;
  context.body = Buffer.from(await given.arrayBuffer());
  given.headers.forEach((value, name) => context.set(name, value));
}

function requestOf(context: Context): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(context.req.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const method = context.method === "OPTIONS" ? "OPTIONS" : "GET";
  const url = `https://${context.host || "localhost"}${context.originalUrl}`;
  return new Request(url, { method, headers });
}

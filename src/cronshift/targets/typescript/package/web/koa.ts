/** An app of Koa, which takes Inngest's endpoint in; its own routes are asked over HTTP. */
import { AsyncLocalStorage } from "node:async_hooks";
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
  type: string;
  body: unknown;
  req: IncomingMessage;
  request: object;
  set(name: string, value: string): void;
};
type Next = () => Promise<unknown>;
type App = {
  use(middleware: (context: Context, next: Next) => Promise<unknown>): unknown;
};

const LARGEST = 32 * 1024 * 1024; // bytes, of what Inngest sends with a run's state
const KEPT = 65_536; // bytes of an answer that the guard hears of
const WITHOUT_BODY = [204, 205, 304];
const leaving = new AsyncLocalStorage<Route>();

/** The answer of the app's own route, which a call is left to at its own path. */
export const answered: Route = (request, context) => {
  const leave = leaving.getStore();
  if (leave) return leave(request, context);
  throw new Error("mountInngest was not called, so there is no app to ask.");
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
      const left = leavingTo(context, next);
      const given = await leaving.run(left.route, async () =>
        answer(requestOf(context)),
      );
      return left.isLeft() ? left.end() : reply(given, context);
    });
  };
}

/** Return what leaves a call to the app's own route and gives the answer that it made; an error is thrown at the `end`. */
function leavingTo(context: Context, next: Next) {
  let isLeft = false;
  let thrown: { error: unknown } | undefined;
  const route: Route = async (request) => {
    const { origin, href } = new URL(request.url);
    const path = href.slice(origin.length);
    context.url = context.originalUrl = path;
    Object.assign(context.request, { originalUrl: path });
    isLeft = true;
    try {
      await next();
      return responseOf(context);
    } catch (error) {
      thrown = { error };
      const { status } = Object(error) as { status?: unknown };
      const isStatus =
        typeof status === "number" && 400 <= status && status < 600;
      return new Response(null, { status: isStatus ? status : 500 });
    }
  };
  const end = () => {
    if (thrown) throw thrown.error;
  };
  return { route, isLeft: () => isLeft, end };
}

/** Return what a route has answered; of a body that is large, or a stream, nothing is known. */
function responseOf({ status, body, type }: Context): Response {
  const isText = typeof body === "string" || body instanceof Uint8Array;
  const isStream = "pipe" in Object(body) || "getReader" in Object(body);
  const text = isText || body == null || isStream ? body : JSON.stringify(body);
  const content = isStream ? "" : Buffer.from((text ?? "") as string);
  const isKept = content.length <= KEPT && !WITHOUT_BODY.includes(status);
  const headers = { "content-type": type || "text/plain" };
  return new Response(isKept ? content : null, { status, headers });
}

/** Read the JSON of a request, which no parser of the app's has come to yet. */
async function readBody({ req, request }: Context): Promise<void> {
  if ("body" in request && request.body !== undefined) return;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) throw new Error("The request is too large.");
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
  const told = headers.get("x-forwarded-proto")?.split(",")[0]?.trim();
  const isSecure = told === "https" || "encrypted" in context.req.socket;
  const origin = `${isSecure ? "https" : "http"}://${context.host || "localhost"}`;
  const url = origin + context.originalUrl;
  return new Request(url, { method, headers });
}

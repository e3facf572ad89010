/** An app of Koa, which takes Inngest's endpoint in, and the guard before its own routes. */
import type { IncomingMessage } from "node:http";

import type { Route } from "./calls";

type Context = {
  method: string;
  path: string;
  url: string;
  originalUrl: string;
  status: number;
  body: unknown;
  req: IncomingMessage & { body?: unknown };
  request: { body?: unknown; originalUrl: string };
  set(headers: Record<string, string>): void;
};
type Next = () => Promise<unknown>;
type Middleware = (context: Context, next: Next) => Promise<unknown>;
type App = { use(middleware: Middleware): unknown; callback(): unknown };
type Answering = (asked: Request, app: unknown) => Response | Promise<Response>;

const HERE = "http://app.invalid";
const LARGEST = 32 * 1024 * 1024; // of what Inngest sends with a run's state

/** The way on to the app's own route: a redirect within the request. */
export const onward: Route = ({ url }) => Response.redirect(url);

/** Return what has an app answer Inngest, where it does not serve functions itself, and Vercel's cron at the routes that ask the guard. */
export function mounting(
  endpoint: ((context: never) => Promise<unknown>) | null,
  tell: Answering,
  routes: Record<string, Answering>,
) {
  const guards = new Map(Object.entries(routes));
  return (app: App): void => {
    app.use(async (context, next) => {
      const { method, path, req, request, url } = context;
      const isInngest = path === "/api/inngest";
      if (isInngest && method !== "OPTIONS") {
        if (!endpoint) return next();
        request.body ??= req.body ?? (await readJson(req)); // Vercel's, or its own
        return endpoint(context as never);
      }
      const guard = isInngest ? tell : guards.get(path);
      if (!guard) return next();
      const headers = req.headers as Record<string, string>;
      const asked = new Request(HERE + url, { method, headers });
      const given = await guard(asked, app.callback());
      const there = given.headers.get("location");
      if (there?.startsWith(HERE)) {
        context.url = context.originalUrl = there.slice(HERE.length);
        request.originalUrl = context.originalUrl;
        return next();
      }
      context.status = given.status;
      context.set(Object.fromEntries(given.headers));
      context.body = Buffer.from(await given.arrayBuffer());
    });
  };
}

/** Return the JSON of a request, which no parser of the app's has come to yet; who sent it is asked behind this. */
async function readJson(asked: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const part of asked.setEncoding("utf8")) {
    text += part as string;
    if (text.length > LARGEST) throw new Error("The request is too large.");
  }
  return JSON.parse(text || "{}");
}

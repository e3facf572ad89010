/** An app of Koa, which takes Inngest's endpoint in and answers its functions' calls in process. */
import type { IncomingMessage, RequestListener } from "node:http";

import { asking, readJson } from "./asking";
import type { Route } from "./calls";

type Context = {
  method: string;
  path: string;
  url: string;
  status: number;
  body: unknown;
  req: IncomingMessage & { body?: unknown };
  request: { body?: unknown };
  set(headers: Record<string, string>): void;
};
type Next = () => Promise<unknown>;
type Middleware = (context: Context, next: Next) => Promise<unknown>;
type App = { use(middleware: Middleware): unknown; callback(): unknown };
type Answering = (request: Request) => Response | Promise<Response>;

let app: App | undefined;

/** The app's own answer, its middleware and all, as to a request from outside. */
export const answered: Route = (request) => {
  if (!app) throw new Error("mountInngest was not called.");
  return asking(app.callback() as RequestListener, request);
};

/** Return what has an app answer Inngest, where it does not serve functions itself, and Vercel's cron at the routes that ask the guard. */
export function mounting(
  endpoint: ((context: never) => Promise<unknown>) | null,
  tell: Answering,
  routes: Record<string, Answering>,
) {
  return (instance: App): void => {
    app = instance;
    app.use(async (context, next) => {
      const { method, path, req, request, url } = context;
      const isInngest = path === "/api/inngest";
      if (isInngest && method !== "OPTIONS") {
        if (!endpoint) return next();
        request.body ??= req.body ?? (await readJson(req)); // Vercel's, or its own
        return endpoint(context as never);
      }
      const guard = isInngest ? tell : routes[path];
      if (!guard) return next();
      const headers = req.headers as Record<string, string>;
      const asked = new Request(`http://localhost${url}`, { method, headers });
      const given = await guard(asked);
      context.status = given.status;
      context.set(Object.fromEntries(given.headers));
      context.body = Buffer.from(await given.arrayBuffer());
    });
  };
}

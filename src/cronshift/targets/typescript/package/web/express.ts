/** An app of Express, which takes Inngest's endpoint in and answers its functions' calls in process. */
import type {
  IncomingMessage,
  RequestListener,
  ServerResponse,
} from "node:http";

import { asking, readJson } from "./asking";
import type { Route } from "./calls";

type Asked = IncomingMessage & { path: string; body?: unknown };
type Next = (error?: unknown) => void;
type Middleware = (asked: Asked, reply: ServerResponse, next: Next) => void;
type App = RequestListener & { use(middleware: Middleware): unknown };
type Answering = (request: Request) => Response | Promise<Response>;

let app: App | undefined;

/** The app's own answer, its middleware and all, as to a request from outside. */
export const answered: Route = (request) => {
  if (!app) throw new Error("mountInngest was not called.");
  return asking(app, request);
};

/** Return what has an app answer Inngest, where it does not serve functions itself, and Vercel's cron at the routes that ask the guard. */
export function mounting(
  endpoint: ((asked: never, reply: never) => Promise<unknown>) | null,
  tell: Answering,
  routes: Record<string, Answering>,
) {
  return (instance: App): void => {
    app = instance;
    const answer = async (asked: Asked, reply: ServerResponse, next: Next) => {
      const { method = "GET", path, url } = asked;
      const isInngest = path === "/api/inngest";
      if (isInngest && method !== "OPTIONS") {
        if (!endpoint) return next();
        asked.body ??= await readJson(asked);
        return endpoint(asked as never, reply as never);
      }
      const guard = isInngest ? tell : routes[path];
      if (!guard) return next();
      const headers = asked.headers as Record<string, string>;
      const request = new Request(`http://localhost${url}`, {
        method,
        headers,
      });
      const given = await guard(request);
      reply.writeHead(given.status, Object.fromEntries(given.headers));
      reply.end(Buffer.from(await given.arrayBuffer()));
    };
    app.use(
      (asked, reply, next) => void answer(asked, reply, next).catch(next),
    );
  };
}

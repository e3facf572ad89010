/** An app of Express, which takes Inngest's endpoint in, and the guard before its own routes. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import type { Route } from "./calls";

type Own = { path: string; originalUrl: string; body?: unknown };
type Asked = IncomingMessage & Own;
type Next = (error?: unknown) => void;
type Middleware = (asked: Asked, reply: ServerResponse, next: Next) => void;
type App = { use(middleware: Middleware): unknown };
type Answering = (asked: Request, app: App) => Response | Promise<Response>;

const HERE = "http://app.invalid";

/** The way on to the app's own route: a redirect within the request. */
export const onward: Route = ({ url }) => Response.redirect(url);

/** Return what has an app answer Inngest, where it does not serve functions itself, and Vercel's cron at the routes that ask the guard. */
export function mounting(
  endpoint: ((asked: never, reply: never) => Promise<unknown>) | null,
  tell: Answering,
  routes: Record<string, Answering>,
) {
  const guards = new Map(Object.entries(routes));
  return (app: App): void => {
    const answer = async (asked: Asked, reply: ServerResponse, next: Next) => {
      const { method = "GET", path, url } = asked;
      const headers = asked.headers as Record<string, string>;
      const [isInngest, tells] = [
        path === "/api/inngest",
        method === "OPTIONS",
      ];
      if (isInngest && endpoint && !tells) {
        asked.body ??= JSON.parse((await text(asked)) || "{}") as unknown;
        return endpoint(asked as never, reply as never);
      }
      const guard = isInngest && tells ? tell : guards.get(path);
      if (!guard) return next();
      const given = await guard(
        new Request(HERE + url, { method, headers }),
        app,
      );
      const there = given.headers.get("location");
      if (there?.startsWith(HERE)) {
        asked.url = asked.originalUrl = there.slice(HERE.length);
        return next();
      }
      reply.writeHead(given.status, Object.fromEntries(given.headers));
      reply.end(Buffer.from(await given.arrayBuffer()));
    };
    app.use(
      (asked, reply, next) => void answer(asked, reply, next).catch(next),
    );
  };
}

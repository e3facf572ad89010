/** An app of Express, which takes Inngest's endpoint in, and the guard before its own routes. */
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Route } from "./calls";

type Own = { path: string; originalUrl: string; body?: unknown };
type Asked = IncomingMessage & Own;
type Next = (error?: unknown) => void;
type Middleware = (asked: Asked, reply: ServerResponse, next: Next) => void;
type App = { use(middleware: Middleware): unknown };
type Answering = (asked: Request, app: App) => Response | Promise<Response>;

const HERE = "http://app.invalid";
const LARGEST = 32 * 1024 * 1024; // of what Inngest sends with a run's state

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
      const isInngest = path === "/api/inngest";
      if (isInngest && method !== "OPTIONS") {
        if (!endpoint) return next();
        asked.body ??= await readJson(asked);
        return endpoint(asked as never, reply as never);
      }
      const guard = isInngest ? tell : guards.get(path);
      if (!guard) return next();
      const headers = asked.headers as Record<string, string>;
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

/** Return the JSON of a request, which no parser of the app's has come to yet; who sent it is asked behind this. */
async function readJson(asked: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const part of asked.setEncoding("utf8")) {
    text += part as string;
    if (text.length > LARGEST) throw new Error("The request is too large.");
  }
  return JSON.parse(text || "{}");
}

/** An app of Express, which takes Inngest's endpoint in; its own routes are asked over HTTP. */
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Route } from "./calls";

type Answering = (request: Request) => Response | Promise<Response>;
type Asked = IncomingMessage & { path: string; originalUrl: string };
type Next = (error?: unknown) => void;
type Middleware = (asked: Asked, reply: ServerResponse, next: Next) => void;
type App = {
  use(path: string, middleware: Middleware): unknown;
  use(middleware: Middleware): unknown;
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
  endpoint: ((asked: never, reply: never) => Promise<unknown>) | null,
  tell: Answering,
  routes: Record<string, Answering>,
) {
  return (app: App): void => {
    app.use("/api/inngest", (asked, reply, next) => {
      if (!endpoint && asked.method !== "OPTIONS") return next();
      const answer =
        !endpoint || asked.method === "OPTIONS"
          ? replied(tell(requestOf(asked)), reply)
          : withBody(asked).then(() => endpoint(asked as never, reply as never));
      answer.catch(next);
    });
    app.use((asked, reply, next) => {
      const answer = new Map(Object.entries(routes)).get(asked.path);
      if (!answer) return next();
      replied(answer(requestOf(asked)), reply)
        .then((path) => {
          if (path === null) return;
          asked.originalUrl = asked.url = path;
          next();
        })
        .catch(next);
    });
  };
}

/** Read the JSON of a request, which no parser of the app's has come to yet. */
async function withBody(asked: Asked & { body?: unknown }): Promise<void> {
  if (asked.body !== undefined) return;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of asked as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) throw new Error("The request's body is too large.");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  asked.body = text ? (JSON.parse(text) as unknown) : {};
}

/** Send an answer, or return the path at which the app's own route is to give it. */
async function replied(
  answer: Response | Promise<Response>,
  reply: ServerResponse,
): Promise<string | null> {
  const given = await answer;
  const path = given.headers.get(PASSED);
  if (path !== null) return path;
  reply.statusCode = given.status;
  given.headers.forEach((value, name) => reply.setHeader(name, value));
  reply.end(Buffer.from(await given.arrayBuffer()));
  return null;
}

function requestOf(asked: Asked): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(asked.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const method = asked.method === "OPTIONS" ? "OPTIONS" : "GET";
  const host = asked.headers.host ?? "localhost";
  return new Request(`https://${host}${asked.originalUrl}`, {
    method,
    headers,
  });
}

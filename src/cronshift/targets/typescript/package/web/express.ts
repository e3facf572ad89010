/** An app of Express, which takes Inngest's endpoint in; its own routes are asked over HTTP. */
import { AsyncLocalStorage } from "node:async_hooks";
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

const LARGEST = 32 * 1024 * 1024; // bytes, of what Inngest sends with a run's state
const KEPT = 65_536; // bytes of an answer that the guard hears of
const LONGEST = 20 * 60_000; // milliseconds
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
          : withBody(asked).then(() =>
              endpoint(asked as never, reply as never),
            );
      answer.catch(next);
    });
    app.use((asked, reply, next) => {
      const answer = new Map(Object.entries(routes)).get(asked.path);
      if (!answer) return next();
      const left = leavingTo(asked, reply, next);
      leaving
        .run(left.route, () => Promise.resolve(answer(requestOf(asked))))
        .then((given) => (left.isLeft() ? left.end() : replied(given, reply)))
        .catch((error: unknown) => (left.isLeft() ? left.end() : next(error)));
    });
  };
}

/**
 * Return what leaves a call to the app's own route and gives the answer that it makes, whose last part is
 * sent at the `end`: whoever waits for the answer has done what hangs on it by then.
 */
function leavingTo(asked: Asked, reply: ServerResponse, next: Next) {
  let isLeft = false;
  let end = () => undefined as unknown;
  const route: Route = (request) =>
    new Promise<Response>((resolve, reject) => {
      const own = { write: reply.write, end: reply.end };
      const chunks: Buffer[] = [];
      let size = 0;
      const keep = (chunk: unknown, encoding: unknown) => {
        const name = encoding as BufferEncoding;
        const isBytes = chunk instanceof Uint8Array;
        if (size > KEPT || (!isBytes && typeof chunk !== "string")) return;
        chunks.push(isBytes ? Buffer.from(chunk) : Buffer.from(chunk, name));
        size += chunk.length;
      };
      const given = setTimeout(() => {
        reject(new Error(`GET ${asked.path} gave no answer`));
      }, LONGEST).unref();
      reply.write = (...parts: unknown[]) => {
        keep(parts[0], nameIn(parts));
        return Reflect.apply(own.write, reply, parts) as boolean;
      };
      reply.end = (...parts: unknown[]) => {
        keep(parts[0], nameIn(parts));
        clearTimeout(given);
        Object.assign(reply, own);
        end = () => Reflect.apply(own.end, reply, parts) as unknown;
        resolve(responseOf(reply, Buffer.concat(chunks)));
        return reply;
      };
      const { origin, href } = new URL(request.url);
      asked.originalUrl = asked.url = href.slice(origin.length);
      isLeft = true;
      next();
    });
  return { route, isLeft: () => isLeft, end: () => end() };
}

function nameIn(parts: unknown[]): BufferEncoding {
  const [, name] = parts;
  return typeof name === "string" && Buffer.isEncoding(name) ? name : "utf8";
}

/** Return what a route has answered; of a body that is large, or packed, nothing is known. */
function responseOf(reply: ServerResponse, body: Buffer): Response {
  const status = reply.statusCode;
  const type = reply.getHeader("content-type");
  const isPacked = reply.hasHeader("content-encoding");
  const hasBody =
    !isPacked && body.length <= KEPT && !WITHOUT_BODY.includes(status);
  const headers = { "content-type": String(type ?? "text/plain") };
  return new Response(hasBody ? new Uint8Array(body) : null, {
    status,
    headers,
  });
}

/** Read the JSON of a request, which no parser of the app's has come to yet. */
async function withBody(asked: Asked & { body?: unknown }): Promise<void> {
  if (asked.body !== undefined) return;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of asked as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) throw new Error("The request is too large.");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  asked.body = text ? (JSON.parse(text) as unknown) : {};
}

async function replied(
  answer: Response | Promise<Response>,
  reply: ServerResponse,
): Promise<void> {
  const given = await answer;
  reply.statusCode = given.status;
  given.headers.forEach((value, name) => reply.setHeader(name, value));
  reply.end(Buffer.from(await given.arrayBuffer()));
}

/** Return the request as it came, at the scheme that a proxy tells, if one does. */
function requestOf(asked: Asked): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(asked.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const method = asked.method === "OPTIONS" ? "OPTIONS" : "GET";
  const host = asked.headers.host ?? "localhost";
  const told = headers.get("x-forwarded-proto")?.split(",")[0]?.trim();
  const scheme =
    told === "https" || "encrypted" in asked.socket ? "https" : "http";
  return new Request(`${scheme}://${host}${asked.originalUrl}`, {
    method,
    headers,
  });
}

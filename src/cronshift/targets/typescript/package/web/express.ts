/** An app of Express, which takes Inngest's endpoint in; its own routes are asked over HTTP. */
import express from "express";
import type {
  Express,
  Request as Asked,
  RequestHandler,
  Response as Reply,
} from "express";

import type { RouteHandler } from "./routes";

type Answering = (request: Request) => Response | Promise<Response>;

const PASSED = "x-cronshift-passed";
const LARGEST = "32mb"; // of what Inngest sends with a run's state

/** Leave a call to the app's own route, which answers it at its own path. */
export const answered: RouteHandler = (request) => {
  const { origin, href } = new URL(request.url);
  const path = href.slice(origin.length);
  return new Response(null, { headers: { [PASSED]: path } });
};

/** Return what has an app answer Inngest, and Vercel's cron at the routes that ask the guard. */
export function mounting(
  endpoint: RequestHandler,
  tell: Answering,
  routes: Record<string, Answering>,
) {
  return (app: Express): void => {
    const parse = express.json({ limit: LARGEST });
    app.use("/api/inngest", (asked, reply, next) => {
      if (asked.method !== "OPTIONS") return next();
      replied(tell(requestOf(asked)), reply).catch(next);
    });
    app.use("/api/inngest", parse, endpoint);
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

/** Send an answer, or return the path at which the app's own route is to give it. */
async function replied(
  answer: Response | Promise<Response>,
  reply: Reply,
): Promise<string | null> {
  const { status, headers, body } = await answer;
  const path = headers.get(PASSED);
  if (path !== null) return path;
  reply.status(status);
  headers.forEach((value, name) => reply.setHeader(name, value));
  reply.send(body ? Buffer.from(await new Response(body).arrayBuffer()) : "");
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

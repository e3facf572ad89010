/** An app of Fastify, which takes Inngest's endpoint in and answers its functions' calls in process. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { Route } from "./calls";

type Answering = (request: Request) => Response | Promise<Response>;

const LARGEST = 32 * 1024 * 1024; // bytes, of what Inngest sends with a run's state
const WITHOUT_BODY = [204, 304];

let app: FastifyInstance | undefined;

/** The app's own answer, its hooks and all, as to a request from outside. */
export const answered: Route = async (request) => {
  if (!app) {
    throw new Error("mountInngest was not called, so there is no app to ask.");
  }
  const { origin, href } = new URL(request.url);
  const given = await app.inject({
    method: "GET",
    url: href.slice(origin.length),
    headers: Object.fromEntries(request.headers),
  });
  const { statusCode: status, rawPayload } = given;
  const headers = new Headers();
  for (const [name, value] of Object.entries(given.headers)) {
    for (const each of [value].flat()) headers.append(name, String(each));
  }
  const body = WITHOUT_BODY.includes(status)
    ? null
    : new Uint8Array(rawPayload);
  return new Response(body, { status, headers });
};

/** Return what has an app answer Inngest, where it does not serve functions itself, and Vercel's cron at the routes that ask the guard. */
export function mounting(
  endpoint: ((asked: never, reply: never) => Promise<unknown>) | null,
  tell: Answering,
  routes: Record<string, Answering>,
) {
  return (instance: FastifyInstance): void => {
    app = instance;
    if (endpoint) {
      instance.route({
        method: ["GET", "POST", "PUT"],
        url: "/api/inngest",
        bodyLimit: LARGEST,
        handler: (asked, reply) => endpoint(asked as never, reply as never),
      });
    }
    for (const [url, answer] of Object.entries(routes)) {
      instance.route({
        method: ["GET", "OPTIONS"],
        url,
        handler: (asked, reply) => replied(answer(requestOf(asked)), reply),
      });
    }
    instance.route({
      method: "OPTIONS",
      url: "/api/inngest",
      handler: (asked, reply) => replied(tell(requestOf(asked)), reply),
    });
  };
}

async function replied(
  answer: Response | Promise<Response>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const given = await answer;
  reply.code(given.status);
  given.headers.forEach((value, name) => {
    if (name !== "content-length") void reply.header(name, value);
  });
  return reply.send(Buffer.from(await given.arrayBuffer()));
}

function requestOf(asked: FastifyRequest): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(asked.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const method = asked.method === "OPTIONS" ? "OPTIONS" : "GET";
  return new Request(`https://${asked.host}${asked.url}`, { method, headers });
}

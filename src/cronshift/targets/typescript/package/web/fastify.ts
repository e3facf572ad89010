/** An app of Fastify, which takes Inngest's endpoint in and answers its functions' calls in process. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { Route } from "./calls";

type Answering = (request: Request) => Response | Promise<Response>;

const LARGEST = 32 * 1024 * 1024; // bytes, of what Inngest sends with a run's state
const WITHOUT_BODY = [204, 205, 304];

let app: FastifyInstance | undefined;

/** The app's own answer, its hooks and all, as to a request from outside. */
export const answered: Route = async (request) => {
  if (!app) throw new Error("mountInngest was not called.");
  const { pathname, search } = new URL(request.url);
  const sent = Object.fromEntries(request.headers);
  const given = await app.inject({ url: pathname + search, headers: sent });
  const { rawPayload, statusCode: status } = given;
  const headers = { ...given.headers } as Record<string, string>;
  const content = new Uint8Array(rawPayload);
  const body = WITHOUT_BODY.includes(status) ? null : content;
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
    const url = "/api/inngest";
    if (endpoint) {
      const handler = endpoint as (asked: FastifyRequest) => Promise<unknown>;
      const method = ["GET", "POST", "PUT"];
      instance.route({ method, url, bodyLimit: LARGEST, handler });
    }
    const handler = answering(tell);
    instance.route({ method: "OPTIONS", url, handler });
    for (const [url, answer] of Object.entries(routes)) {
      const handler = answering(answer);
      instance.route({ method: ["GET", "OPTIONS"], url, handler });
    }
  };
}

function answering(answer: Answering) {
  return async ({ raw, url }: FastifyRequest, reply: FastifyReply) => {
    const { method = "GET" } = raw;
    const headers = raw.headers as Record<string, string>;
    const asked = new Request(`http://localhost${url}`, { method, headers });
    const given = await answer(asked);
    given.headers.delete("content-length"); // Fastify tells it
    reply.code(given.status).headers(Object.fromEntries(given.headers));
    return reply.send(Buffer.from(await given.arrayBuffer()));
  };
}

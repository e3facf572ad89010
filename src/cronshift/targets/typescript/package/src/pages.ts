/** Pages of the API, `(req, res)`, and the routes of the web that all else is written for. */
import type { NextApiHandler } from "next";
import { NextRequest } from "next/server";

import type { Params, Route } from "./calls";
import { answering, type NodeHandler } from "./node-handlers";

/** Return a page's handler as a route. */
export function paged(handler: NodeHandler, params: Params = {}): Route {
  return answering(handler, params, { body: "", env: process.env });
}

/** Return a route as a page; with `others`, one that answers OPTIONS, and leaves all else to them. */
export function page(route: Route, others?: NodeHandler): NextApiHandler {
  return async (asked, reply) => {
    const { headers: given, method = "GET", url = "/" } = asked;
    const isLeft = others && method !== "OPTIONS";
    if (isLeft) return others(asked as never, reply as never);
    const headers = new Headers();
    for (const [name, value] of Object.entries(given)) {
      headers.set(name, String(value));
    }
    const scheme = headers.get("x-forwarded-proto") ?? "http";
    const address = `${scheme}://${headers.get("host") ?? "localhost"}${url}`;
    const request = new NextRequest(address, { method, headers });
    const answer = (await route(request, undefined as never)) as Response;
    reply.status(answer.status);
    answer.headers.forEach((value, name) => void reply.setHeader(name, value));
    return reply.end(Buffer.from(await answer.arrayBuffer()));
  };
}

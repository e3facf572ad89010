/** Loaders of Remix and React Router, called as functions. */
import type { Params, Route } from "./calls";

type Loader = (args: never) => unknown;

/** Return a loader as a route: it is given what a call of Vercel's cron has. */
export function routed(loader: Loader, params: Params = {}): Route {
  return (request) => answered(loader, { request, params, context: {} });
}

/** Return what has a loader answer within the request that is being answered. */
export function within(
  args: { request: Request },
  loader: Loader,
  params: Params = {},
): Route {
  return (request) => answered(loader, { ...args, params, request });
}

/** Return the answer of a route without a component: what is no response is JSON, and one may be thrown. */
async function answered(loader: Loader, args: object): Promise<Response> {
  try {
    const answer = await loader(args as never);
    if (answer instanceof Response) return answer;
    return typeof answer === "string"
      ? new Response(answer)
      : inJson(answer ?? null);
  } catch (error) {
    if (error instanceof Response) return error;
    throw error;
  }
}

/** Return data as an answer; Remix 2 fills in the web's classes, without `Response.json`. */
function inJson(data: unknown): Response {
  const headers = { "content-type": "application/json" };
  return new Response(JSON.stringify(data), { headers });
}

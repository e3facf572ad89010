/** SvelteKit's handlers, called as functions. */
import type { RequestEvent } from "@sveltejs/kit";

import type { Params, Route } from "./calls";

/** Return a handler of `+server` as a route: its event has what a call of Vercel's cron has. */
export function routed(
  handler: (event: never) => Response | Promise<Response>,
  params: Params = {},
): Route {
  return (request) => {
    const url = new URL(request.url);
    const own = (asked: RequestInfo | URL, init?: RequestInit) =>
      fetch(asked instanceof Request ? asked : new URL(asked, url), init);
    const flags = { isDataRequest: false, isSubRequest: false };
    const event = { request, url, params, fetch: own, ...flags };
    return Promise.resolve(event as never)
      .then(handler)
      .catch(answerOf);
  };
}

/** Return the answer that `redirect()` and `error()` of `@sveltejs/kit` stand for; what else is thrown goes on. */
function answerOf(thrown: unknown): Response {
  const { status, location, body } = Object(thrown) as Record<string, unknown>;
  if (thrown instanceof Error || typeof status !== "number") throw thrown;
  if (typeof location === "string") {
    return new Response(null, { status, headers: { location } });
  }
  if (body === undefined) throw thrown;
  return Response.json(body, { status });
}

/** Return what has the app itself answer, hooks and all, within the request that is being answered. */
export function within(event: RequestEvent): Route {
  return (request) => event.fetch(request);
}

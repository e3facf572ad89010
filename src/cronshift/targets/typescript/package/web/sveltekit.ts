/** SvelteKit's handlers, called as functions. */
import type { RequestEvent } from "@sveltejs/kit";

import type { Params, Route } from "./calls";

/** Return a handler of `+server` as a route: its event has what a call of Vercel's cron has. */
export function routed(
  handler: (event: never) => Response | Promise<Response>,
  params: Params = {},
): Route {
  return async (request) => {
    const url = new URL(request.url);
    const event = {
      request,
      url,
      params,
      fetch: (asked: RequestInfo | URL, init?: RequestInit) =>
        fetch(asked instanceof Request ? asked : new URL(asked, url), init),
      isDataRequest: false,
      isSubRequest: false,
    };
    try {
      return await handler(event as never);
    } catch (error) {
      const answer = answerOf(error);
      if (!answer) throw error;
      return answer;
    }
  };
}

/** Return the answer that `redirect()` and `error()` of `@sveltejs/kit` stand for; neither is an `Error`. */
function answerOf(thrown: unknown): Response | null {
  const { status, location, body } = Object(thrown) as Record<string, unknown>;
  if (thrown instanceof Error || typeof status !== "number") return null;
  if (typeof location === "string") {
    return new Response(null, { status, headers: { location } });
  }
  return body === undefined ? null : Response.json(body, { status });
}

/** Return what has the app itself answer, hooks and all, within the request that is being answered. */
export function within(event: RequestEvent): Route {
  return (request) => event.fetch(request);
}

/** Astro's endpoints, called as functions. */
import type { APIContext } from "astro";

import type { Params, Route } from "./calls";

/** Return an endpoint as a route: its context has what a call of Vercel's cron has. */
export function routed(
  handler: (context: never) => Response | Promise<Response>,
  params: Params = {},
): Route {
  return (request) => {
    const url = new URL(request.url);
    const redirect = (location: string, status = 302) =>
      new Response(null, { status, headers: { location } });
    return handler({ request, url, params, redirect } as never);
  };
}

/** Return what has the app itself answer, middleware and all, within the request that is being answered. */
export function within(context: APIContext): Route {
  return (request) => context.rewrite(request);
}

/** The dispatcher: Vercel's cron calls it while both sides are alive, and it asks the guard first. */
import type { NextRequest } from "next/server";

import { decide, type Guarded } from "./guard";
import type { Source } from "./ownership";
import { ask, inApp, type Params, type RouteHandler } from "./routes";
import { json, telling } from "./telling";

export const MOUNT = "/api/cronshift";

/** Return the function that answers for a route in its place. */
export function dispatched(
  jobs: Guarded[],
  source: Source,
  handler: RouteHandler,
  params: Params = {},
) {
  return async (request: NextRequest): Promise<Response> => {
    const { secret, basePath } = jobs[0] ?? {};
    if (request.method === "OPTIONS") return telling(source, secret)(request);
    const { origin, href, search } = new URL(request.url);
    const decision = await decide(jobs, search, request.headers, source);
    if ("said" in decision) return refused(decision.status, decision.said);
    const path = decision.path ?? href.slice(origin.length).replace(MOUNT, "");
    const url = origin + inApp(path, basePath);
    const answer = await ask(handler, url, request.headers, params);
    return answer || new Response(null, { status: 500 });
  };
}

/** Return the guard's own answer. */
export function refused(status: number, said: string): Response {
  const body = status === 200 ? { skipped: said } : { error: said };
  return json(body, { status, headers: { "x-cronshift-skipped": said } });
}

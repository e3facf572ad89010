/** Pages that the guard cannot call as functions: it asks them over HTTP. */
import type { NextApiHandler } from "next";

import { fetched } from "./forward";
import { headersOf, sent } from "./page-telling";

/** Return what asks the page that a request is for, where Vercel would have called it. */
export function forwardingPage(basePath?: string): NextApiHandler {
  return async (request, response) => {
    const headers = headersOf(request);
    const scheme = headers.get("x-forwarded-proto") ?? "http";
    const origin = `${scheme}://${headers.get("host")}`;
    const path = request.url ?? "/";
    return sent(await fetched(origin, path, headers, basePath), response);
  };
}

/** Pages that the guard cannot call as functions: it asks them over HTTP. */
import type { NextApiHandler } from "next";

import { fetched } from "./forward";
import { headersOf, sent } from "./page-telling";

/** Return what asks the page that a request is for, with those of its headers that Vercel sends, and `also`. */
export function forwardingPage(
  basePath?: string,
  also?: string[],
): NextApiHandler {
  return async (request, response) => {
    const headers = headersOf(request);
    const scheme = headers.get("x-forwarded-proto") ?? "http";
    const origin = `${scheme}://${headers.get("host")}`;
    const path = request.url ?? "/";
    const answer = await fetched(origin, path, headers, basePath, also);
    return sent(answer, response);
  };
}

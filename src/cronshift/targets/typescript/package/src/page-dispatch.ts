/** The dispatcher in the pages router. */
import type { NextApiHandler } from "next";

import { MOUNT, refused } from "./dispatch";
import { fetched } from "./forward";
import { decide, type Guarded } from "./guard";
import type { Source } from "./ownership";
import { headersOf, sent, tellingPage } from "./page-telling";
import { inApp, type Params } from "./routes";
import { telling } from "./telling";

/** Return the handler that answers for a page of the API: in its place, or by its own. */
export function dispatchedPage(
  jobs: Guarded[],
  source: Source,
  handler?: NextApiHandler,
  params: Params = {},
): NextApiHandler {
  const { secret, basePath } = jobs[0] ?? {};
  const tell = tellingPage(telling(source, secret));
  return async (request, response) => {
    if (request.method === "OPTIONS") return tell(request, response);
    const { pathname, search } = new URL(request.url ?? "/", "http://app");
    const headers = headersOf(request);
    const decision = await decide(jobs, search, headers, source);
    if ("said" in decision) {
      return sent(refused(decision.status, decision.said), response);
    }
    const path = decision.path ?? pathname.replace(MOUNT, "") + search;
    if (handler) {
      const query = { ...request.query, ...params };
      const url = inApp(path, basePath);
      return handler(Object.assign(request, { url, query }), response);
    }
    const scheme = headers.get("x-forwarded-proto") ?? "http";
    const origin = `${scheme}://${headers.get("host")}`;
    return sent(await fetched(origin, path, headers, basePath), response);
  };
}

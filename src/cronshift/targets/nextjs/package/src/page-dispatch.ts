/** The dispatcher in the pages router. */
import type { NextApiHandler } from "next";

import { MOUNT, refused } from "./dispatch";
import { fetched } from "./forward";
import { decide, ended, type Guarded } from "./guard";
import { type Delivery, type Source, witnessed } from "./ownership";
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
    const { turn } = decision;
    const path = decision.path ?? pathname.replace(MOUNT, "") + search;
    if (handler) {
      const query = { ...request.query, ...params };
      const url = inApp(path, basePath);
      try {
        await handler(Object.assign(request, { url, query }), response);
      } catch (error) {
        ended(turn, null, error);
        throw error;
      }
      return endedPage(turn, response.statusCode); // what it wrote is gone
    }
    const scheme = headers.get("x-forwarded-proto") ?? "http";
    const origin = `${scheme}://${headers.get("host")}`;
    const answer = await fetched(origin, path, headers, basePath);
    ended(turn, answer);
    return sent(answer, response);
  };
}

function endedPage(turn: Delivery | undefined, status: number): void {
  const isWell = 200 <= status && status < 300;
  const answer = { status, isJson: false };
  const outcome = isWell ? "completed" : "failed";
  if (turn) witnessed(turn, { status: outcome, answer });
}

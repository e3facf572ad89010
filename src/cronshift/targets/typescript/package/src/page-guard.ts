/** The guard in the pages router. */
import type { NextApiHandler } from "next";

import { type Guarded, refused } from "./guard";
import { telling } from "./ownership";
import { headersOf, sent, tellingPage } from "./page-telling";

/** Return the page of the API that answers in the place of another while both sides are alive. */
export function guardedPage(
  job: Guarded,
  page: NextApiHandler,
  params: object = {},
): NextApiHandler {
  const tell = tellingPage(telling(job.ownership, job.secret));
  return async (request, response) => {
    if (request.method === "OPTIONS") return tell(request, response);
    const refusal = await refused(job, headersOf(request));
    if (refusal) return sent(refusal, response);
    const query = { ...request.query, ...params };
    return page(Object.assign(request, { url: job.path, query }), response);
  };
}

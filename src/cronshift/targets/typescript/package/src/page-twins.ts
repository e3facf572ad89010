/** A page of the API that Vercel calls for several jobs. */
import type { NextApiHandler } from "next";

import type { Guarded } from "./guard";
import { guardedPage } from "./page-guard";
import { headersOf } from "./page-telling";
import { meant } from "./twins";

/** Return the page that answers in the place of another, for whichever job it is called. */
export function guardedPageTwins(
  jobs: Guarded[],
  page: NextApiHandler,
  params?: object,
): NextApiHandler {
  return (request, response) => {
    const job = meant(jobs, request.url ?? "/", headersOf(request));
    return guardedPage(job, page, params)(request, response);
  };
}

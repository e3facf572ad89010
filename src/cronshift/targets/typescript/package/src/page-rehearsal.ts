/** Rehearsals in the pages router. */
import type { NextApiHandler } from "next";

import type { Guarded } from "./guard";
import { headersOf } from "./page-telling";
import { paged } from "./pages";
import type { Params } from "./params";
import { rehearseCall } from "./rehearsal";

/** Return a page of the dispatcher that rehearses Vercel's calls behind their answers. */
export function rehearsedPage(
  jobs: Guarded[],
  page: NextApiHandler,
  handler: NextApiHandler,
  params?: Params,
): NextApiHandler {
  const route = paged(handler, params);
  return async (request, response) => {
    const { url = "/" } = request;
    const headers = headersOf(request);
    const answered = Promise.resolve(page(request, response));
    const skipped = answered.then(
      () => (response.getHeader("x-cronshift-skipped") as string) ?? null,
      () => null,
    );
    rehearseCall(jobs, route, url, headers, skipped);
    await answered;
  };
}

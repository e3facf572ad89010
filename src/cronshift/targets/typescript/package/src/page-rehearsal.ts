/** Rehearsals in the pages router. */
import type { NextApiHandler } from "next";

import { headersOf } from "./page-telling";
import { paged } from "./pages";
import { type Rehearsal, rehearseCall } from "./rehearsal";

/** Return a page of the dispatcher that rehearses Vercel's calls behind their answers. */
export function rehearsedPage(
  rehearsal: Omit<Rehearsal, "handler"> & { handler: NextApiHandler },
  page: NextApiHandler,
): NextApiHandler {
  const handler = paged(rehearsal.handler, rehearsal.params);
  return async (request, response) => {
    const { url = "/" } = request;
    const headers = headersOf(request);
    const answered = Promise.resolve(page(request, response));
    const skipped = answered.then(
      () => (response.getHeader("x-cronshift-skipped") as string) ?? null,
      () => null,
    );
    rehearseCall({ ...rehearsal, handler }, url, headers, skipped);
    await answered;
  };
}

/** Telling the ledger in the pages router. */
import type { NextApiHandler } from "next";

import type { Guarded } from "./guard";
import { callOf, outcomeOf, tellCall } from "./ledger";
import type { Source } from "./ownership";
import { headersOf } from "./page-telling";

/** Return a page of the dispatcher that tells what became of Vercel's calls; what it wrote is gone. */
export function toldPage(
  jobs: Guarded[],
  source: Source,
  page: NextApiHandler,
): NextApiHandler {
  return async (request, response) => {
    const { search } = new URL(request.url ?? "/", "http://app");
    const call = callOf(search, headersOf(request));
    const answered = Promise.resolve(page(request, response));
    if (call) {
      const outcome = answered.then(() => {
        const skipped = response.getHeader("x-cronshift-skipped");
        const reason = typeof skipped === "string" ? skipped : null;
        return outcomeOf(reason, response.statusCode);
      });
      tellCall(jobs, source, call, outcome);
    }
    await answered;
  };
}

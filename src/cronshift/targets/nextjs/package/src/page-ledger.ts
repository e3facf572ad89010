/** Telling the ledger in the pages router. */
import type { NextApiHandler } from "next";

import type { Guarded } from "./guard";
import { outcomeOf, tell, turnOf } from "./ledger";
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
    const turn = await turnOf(jobs, search, headersOf(request));
    if (!turn) {
      await page(request, response);
      return;
    }
    try {
      await page(request, response);
      const skipped = response.getHeader("x-cronshift-skipped");
      const reason = typeof skipped === "string" ? skipped : null;
      tell(source, turn, outcomeOf(reason, response.statusCode));
    } catch (error) {
      tell(source, turn, { status: "failed", error });
      throw error;
    }
  };
}

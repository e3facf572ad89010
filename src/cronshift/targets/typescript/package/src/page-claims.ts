/** Claims in the pages router. */
import type { NextApiHandler } from "next";

import { type Claims, skippedStatus, turnOf } from "./claims";
import type { Guarded } from "./guard";
import { headersOf } from "./page-telling";

/** Return a page that claims the tick of Vercel's calls, of a caller who has the bearer. */
export function claimedPage(
  claims: Claims,
  jobs: Guarded[],
  page: NextApiHandler,
): NextApiHandler {
  return async (request, response) => {
    const headers = headersOf(request);
    const turn = await turnOf(claims, jobs, request.url ?? "/", headers);
    if (turn?.refusal) {
      const { refusal } = turn;
      response.setHeader("x-cronshift-skipped", refusal);
      response.status(skippedStatus(refusal)).json({ skipped: refusal });
      return;
    }
    let isSuccess = false;
    try {
      await page(request, response);
      isSuccess = 200 <= response.statusCode && response.statusCode < 300;
    } finally {
      await turn?.end(isSuccess);
    }
  };
}

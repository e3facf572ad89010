/** Pages of the API on the Edge, called as functions. */
import type { Route } from "./calls";

/** Return a page as a route, which answers when the work is done that the page leaves behind. */
export function edged(page: Route): Route {
  return async (request) => {
    const left: Promise<unknown>[] = [];
    const waitUntil = (work: Promise<unknown>) => {
      left.push(work);
      work.catch(() => undefined); // thrown below, once the answer is there
    };
    const answer = await page(request, { waitUntil } as never);
    await Promise.all(left);
    return answer;
  };
}

/** A path that Vercel calls for several jobs. */
import type { NextRequest } from "next/server";

import type { Route } from "./calls";
import { type Guarded, guarded } from "./guard";

const MOUNT = "/api/cronshift";

/** Return the route that answers in the place of another, for whichever job it is called. */
export function guardedTwins(jobs: Guarded[], route: Route, context?: object) {
  return (request: NextRequest, own?: unknown): Promise<Response> => {
    const job = meant(jobs, request.url, request.headers);
    return guarded(job, route, context)(request, own);
  };
}

/** Return the job that a call is for; of none, a call goes on as it came. */
export function meant(jobs: Guarded[], url: string, headers: Headers): Guarded {
  const { pathname, search } = new URL(url, "http://app");
  const schedule = headers.get("x-vercel-cron-schedule") ?? "";
  const path = pathname.replace(MOUNT, "") + search;
  const [first] = jobs as [Guarded];
  const none = { ...first, path, tick: () => null };
  return called(jobs, search, schedule) ?? none;
}

/**
 * Return the job that a call is for: by its query, which Next may have spelled anew, and among twins
 * by the header. One job alone with the call's schedule is meant whatever its query became.
 */
export function called(
  jobs: Guarded[],
  search: string,
  schedule: string,
): Guarded | undefined {
  const words = (text: string) => text.trim().split(/\s+/).join(" ");
  const meaning = (query: string) => String(new URLSearchParams(query));
  const query = (job: Guarded) => new URL(job.path, "http://app").search;
  const due = jobs.filter((job) => words(job.schedule) === words(schedule));
  const alike = jobs.filter((job) => meaning(query(job)) === meaning(search));
  const exact = alike.filter((job) => query(job) === search);
  const asked = exact.length ? exact : alike;
  const alone = due.length === 1 ? due[0] : undefined;
  return asked.find((job) => due.includes(job)) ?? asked[0] ?? alone;
}

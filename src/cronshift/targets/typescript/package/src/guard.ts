/** The guard before a route that Vercel calls: a tick that is Inngest's does not reach it. */
import { NextRequest } from "next/server";

import type { Route } from "./calls";
import { hasBearer, type Job, skipReason, telling } from "./ownership";

/** A job, and what tells the tick that a call at an instant is for. */
export type Guarded = Job & { tick: (now: Date) => Date | null };

/** Return the route that answers in the place of another while both sides are alive. */
export function guarded(job: Guarded, route: Route, context?: object) {
  return async (asked: NextRequest, own?: unknown) => {
    const answer = await answerTo(asked, job);
    if (answer) return answer;
    const there = new URL(asked.url).origin + job.path;
    const request = new NextRequest(there, { headers: asked.headers });
    return (await route(request, (context ?? own) as never)) as Response;
  };
}

/** Return the guard's own answer to a call, if it has one: only Vercel's cron gets through. */
export async function answerTo(asked: Request, job: Guarded) {
  const { headers, method } = asked;
  const { ownership, secret = "CRON_SECRET" } = job;
  if (method === "OPTIONS") return telling(ownership, secret)(asked);
  const agent = headers.get("user-agent") ?? "";
  const isCron =
    agent.startsWith("vercel-cron/") || headers.has("x-vercel-cron-schedule");
  if (!isCron) return turnedAway(401, "error", "not a call by Vercel cron");
  const isOpen = !process.env[secret] || (await hasBearer(headers, secret));
  if (!isOpen) return turnedAway(401, "error", "no bearer");
  const tick = job.tick(new Date());
  const skipped = tick && (await skipReason("vercel", job, tick));
  return skipped ? turnedAway(200, "skipped", skipped) : null;
}

/** Return the guard's answer; `Response.json` is missing where Remix 2 fills in the web's classes. */
export function turnedAway(status: number, key: string, why: string): Response {
  const type = { "content-type": "application/json" };
  const headers = { ...type, "x-cronshift-skipped": why };
  return new Response(JSON.stringify({ [key]: why }), { status, headers });
}

/** Return what tells the tick of a call, which may come `early` by so many milliseconds. */
export function every(period: number, offset: number, early: number) {
  return (now: Date): Date => {
    const past = (now.getTime() + early - offset) / period;
    return new Date(Math.floor(past) * period + offset);
  };
}

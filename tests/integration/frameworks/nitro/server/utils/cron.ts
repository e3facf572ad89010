import { getHeader, type H3Event } from "h3";

/** Return whether Vercel's cron calls. */
export function isCron(event: H3Event): boolean {
  const secret = process.env.CRON_SECRET ?? "?";
  return getHeader(event, "authorization") === `Bearer ${secret}`;
}

import type { VercelRequest } from "@vercel/node";

/** Return whether Vercel's cron calls. */
export function isCronCall(request: VercelRequest): boolean {
  const secret = process.env.CRON_SECRET ?? "?";
  return request.headers.authorization === `Bearer ${secret}`;
}

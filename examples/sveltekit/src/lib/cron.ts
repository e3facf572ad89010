import { env } from "$env/dynamic/private";

/** Return whether Vercel's cron calls. */
export function isCron(request: Request): boolean {
  const secret = env.CRON_SECRET;
  return Boolean(secret) && request.headers.get("authorization") === `Bearer ${secret}`;
}

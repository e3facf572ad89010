/** Return whether Vercel's cron calls. */
export function isCron(request: Request): boolean {
  const secret = process.env.CRON_SECRET ?? "?";
  return request.headers.get("authorization") === `Bearer ${secret}`;
}

type Work = (request: Request) => Promise<Response>;

/** Whether Vercel's cron calls, or somebody who knows its secret. */
export function isAllowed(request: Request): boolean {
  const secret = process.env.CRON_SECRET;
  return (
    !!secret && request.headers.get("authorization") === `Bearer ${secret}`
  );
}

/** Let a route's work be done by who is allowed to start it. */
export function withCron(work: Work): Work {
  return async (request) => {
    if (!isAllowed(request)) return new Response("no", { status: 401 });
    return work(request);
  };
}

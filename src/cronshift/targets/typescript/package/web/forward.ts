/** Routes that the dispatcher cannot call as functions: it asks them over HTTP. */
import { bypassHeaders } from "./protection";
import type { RouteHandler } from "./routes";

/** Return what asks the route that a request is for, where Vercel would have called it. */
export function forwarding(): RouteHandler {
  return async (request) => {
    const headers = new Headers({
      "user-agent": request.headers.get("user-agent") ?? "vercel-cron/1.0",
    });
    for (const name of ["authorization", "x-vercel-cron-schedule"]) {
      const value = request.headers.get(name);
      if (value) headers.set(name, value);
    }
    const bypass = process.env["VERCEL"] ? bypassHeaders() : {};
    for (const each of Object.entries(bypass)) headers.set(...each);
    const answer = await fetch(request.url, {
      headers,
      redirect: "manual",
      cache: "no-store",
    });
    const type = answer.headers.get("content-type");
    return new Response(answer.body, {
      status: answer.status,
      headers: type ? { "content-type": type } : {},
    });
  };
}

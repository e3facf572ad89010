/** Routes that the guard cannot call as functions: it asks them over HTTP. */
import type { Route } from "./calls";
import { bypassHeaders } from "./protection";

/** Return what asks the route that a request is for, with those of its headers that Vercel sends, and `also`. */
export function forwarding(basePath?: string, also?: string[]): Route {
  return async (request) => {
    const { origin, href } = new URL(request.url);
    const path = href.slice(origin.length);
    return fetched(origin, path, request.headers, basePath, also);
  };
}

/** Ask a route over HTTP, as it was called. */
export async function fetched(
  origin: string,
  path: string,
  from: Headers,
  basePath = "",
  also: string[] = [],
): Promise<Response> {
  const headers = new Headers({
    "user-agent": from.get("user-agent") ?? "vercel-cron/1.0",
  });
  for (const name of ["authorization", "x-vercel-cron-schedule", ...also]) {
    const value = from.get(name);
    if (value) headers.set(name, value);
  }
  const bypass = process.env["VERCEL"] ? bypassHeaders() : {};
  for (const each of Object.entries(bypass)) headers.set(...each);
  const answer = await fetch(origin + basePath + path, {
    headers,
    ...({ redirect: "manual", cache: "no-store" } as const),
  });
  const type = answer.headers.get("content-type");
  return new Response(answer.body, {
    status: answer.status,
    headers: type ? { "content-type": type } : {},
  });
}

/** Routes that the guard cannot call as functions: it asks them over HTTP. */
import type { Route } from "./calls";
import { bypassHeaders } from "./protection";

/** Return what asks the route that a request is for, with those of its headers that Vercel sends, and `also`. */
export function forwarding(basePath = "", also: string[] = []): Route {
  return async ({ headers: given, url }) => {
    const { origin, href } = new URL(url);
    const agent = given.get("user-agent") ?? "vercel-cron/1.0";
    const headers = new Headers({ "user-agent": agent });
    for (const name of ["authorization", "x-vercel-cron-schedule", ...also]) {
      const value = given.get(name);
      if (value) headers.set(name, value);
    }
    const bypass = process.env["VERCEL"] ? bypassHeaders() : {};
    for (const each of Object.entries(bypass)) headers.set(...each);
    const address = origin + basePath + href.slice(origin.length);
    const options = { redirect: "manual", cache: "no-store" } as const;
    const answer = await fetch(address, { headers, ...options });
    const type = answer.headers.get("content-type");
    return new Response(answer.body, {
      status: answer.status,
      headers: type ? { "content-type": type } : {},
    });
  };
}

/** Nuxt's and Nitro's routes, asked in process, and their events as requests. */
import { getRequestURL, type H3Event } from "h3";
import { useNitroApp } from "nitropack/runtime";

import type { Route } from "./calls";

/** The app's own answer, its middleware and all, as to a request from outside. */
export const answered: Route = async (request) => {
  const { origin, href } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  const path = href.slice(origin.length);
  return useNitroApp().localFetch(path, { headers, redirect: "manual" });
};

/** Return an event as the request that it is for; its body is left alone. */
export function requestOf(event: H3Event): Request {
  const { method, headers } = event;
  return new Request(getRequestURL(event), { method, headers });
}

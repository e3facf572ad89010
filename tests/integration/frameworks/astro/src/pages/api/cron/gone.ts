import type { APIRoute } from "astro";

import { isCron } from "../../../lib/cron";

export const GET: APIRoute = (context) => {
  if (!isCron(context.request)) return new Response("no", { status: 401 });
  return new Response("nothing here", { status: 404 });
};

import type { APIRoute } from "astro";

import { isCron } from "../../../lib/cron";

export const prerender = false;

export const GET: APIRoute = async ({ request, url }) => {
  if (!isCron(request)) return new Response("no", { status: 401 });
  return Response.json({
    search: url.search,
    all: url.searchParams.getAll("x"),
    schedule: request.headers.get("x-vercel-cron-schedule"),
    agent: request.headers.get("user-agent"),
  });
};

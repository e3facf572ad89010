import { json } from "@sveltejs/kit";

import { isCron } from "$lib/cron";

import type { RequestHandler } from "./$types";

export const config = { maxDuration: 800 };

export const GET: RequestHandler = async ({ request, url }) => {
  if (!isCron(request)) return json({ error: "no" }, { status: 401 });
  return json({
    search: url.search,
    all: url.searchParams.getAll("x"),
    schedule: request.headers.get("x-vercel-cron-schedule"),
    agent: request.headers.get("user-agent"),
  });
};

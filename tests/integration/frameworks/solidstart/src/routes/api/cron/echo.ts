import type { APIEvent } from "@solidjs/start/server";

import { isCron } from "~/lib/cron";

export async function GET({ request }: APIEvent) {
  if (!isCron(request)) return new Response("no", { status: 401 });
  const url = new URL(request.url);
  return {
    search: url.search,
    all: url.searchParams.getAll("x"),
    schedule: request.headers.get("x-vercel-cron-schedule"),
    agent: request.headers.get("user-agent"),
  };
}

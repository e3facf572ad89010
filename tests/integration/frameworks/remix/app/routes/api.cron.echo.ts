import { json, type LoaderFunctionArgs } from "@remix-run/node";

import { isCron } from "../lib/cron";

export const config = { maxDuration: 800 };

export async function loader({ request }: LoaderFunctionArgs) {
  if (!isCron(request)) return json("no", { status: 401 });
  const url = new URL(request.url);
  return json({
    search: url.search,
    all: url.searchParams.getAll("x"),
    schedule: request.headers.get("x-vercel-cron-schedule"),
    agent: request.headers.get("user-agent"),
  });
}

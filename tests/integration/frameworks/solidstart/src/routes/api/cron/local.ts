import type { APIEvent } from "@solidjs/start/server";

import { isCron } from "~/lib/cron";

export function GET(event: APIEvent) {
  if (!isCron(event.request)) return new Response("no", { status: 401 });
  return Response.json({ name: event.locals.name });
}

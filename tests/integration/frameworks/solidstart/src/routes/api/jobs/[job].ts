import type { APIEvent } from "@solidjs/start/server";

import { isCron } from "~/lib/cron";

export function GET({ request, params }: APIEvent) {
  if (!isCron(request)) return new Response("no", { status: 401 });
  return Response.json({ job: params.job });
}

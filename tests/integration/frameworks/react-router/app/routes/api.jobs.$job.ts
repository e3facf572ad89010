import { isCron } from "../lib/cron";

import type { Route } from "./+types/api.jobs.$job";

export async function loader({ request, params }: Route.LoaderArgs) {
  if (!isCron(request)) return new Response("no", { status: 401 });
  return Response.json({ job: params.job });
}

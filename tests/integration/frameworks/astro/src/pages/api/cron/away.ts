import type { APIRoute } from "astro";

import { isCron } from "../../../lib/cron";

export const GET: APIRoute = ({ request, redirect }) => {
  if (!isCron(request)) return new Response("no", { status: 401 });
  return redirect("/login");
};

import { redirect } from "@sveltejs/kit";

import { isCron } from "$lib/cron";

import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ request }) => {
  if (!isCron(request)) return new Response("no", { status: 401 });
  redirect(303, "/login");
};

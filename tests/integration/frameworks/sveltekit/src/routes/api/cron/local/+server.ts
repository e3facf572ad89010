import { json } from "@sveltejs/kit";

import { isCron } from "$lib/cron";

import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ request, locals }) => {
  if (!isCron(request)) return json({ error: "no" }, { status: 401 });
  return json({ name: locals.name });
};

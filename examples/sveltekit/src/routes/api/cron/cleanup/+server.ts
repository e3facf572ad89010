import { json } from "@sveltejs/kit";

import { isCron } from "$lib/cron";

import type { RequestHandler } from "./$types";

export const GET: RequestHandler = async ({ request, fetch }) => {
  if (!isCron(request)) return json({ error: "no" }, { status: 401 });
  const answer = await fetch("/api/expired", { method: "DELETE" });
  if (!answer.ok) throw new Error(`/api/expired answered ${answer.status}`);
  return json(await answer.json());
};

import { json } from "@sveltejs/kit";

import { isCron } from "$lib/cron";
import { sendDigest } from "$lib/mail";

import type { RequestHandler } from "./$types";

export const GET: RequestHandler = async ({ request }) => {
  if (!isCron(request)) return json({ error: "no" }, { status: 401 });
  return json({ sent: await sendDigest() });
};

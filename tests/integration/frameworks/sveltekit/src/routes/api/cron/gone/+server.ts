import { error } from "@sveltejs/kit";

import { isCron } from "$lib/cron";

import type { RequestHandler } from "./$types";

export const GET: RequestHandler = (event) => {
  if (!isCron(event.request)) error(401, "no");
  error(404, "nothing here");
};

import { json } from "@solidjs/router";

import { isCron } from "~/lib/cron";

let calls = 0;

export const GET = ({ request }: { request: Request }) => {
  if (!isCron(request)) return new Response("no", { status: 401 });
  calls += 1;
  if (calls % 2 === 0) return Response.json({ calls });
  return json("busy", { status: 503, headers: { "retry-after": "7" } });
};

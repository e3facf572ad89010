import type { VercelRequest, VercelResponse } from "@vercel/node";

import { isCronCall } from "../../lib/node.js";

export const config = { maxDuration: 800 };

export default async function handler(request: VercelRequest, response: VercelResponse) {
  if (!isCronCall(request)) return response.status(401).send("no");
  response.json({
    search: new URL(request.url ?? "/", "http://app").search,
    all: request.query.x,
    schedule: request.headers["x-vercel-cron-schedule"],
    agent: request.headers["user-agent"],
  });
}

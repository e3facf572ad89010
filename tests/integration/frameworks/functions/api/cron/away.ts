import type { VercelRequest, VercelResponse } from "@vercel/node";

import { isCronCall } from "../../lib/node.js";

export default function handler(request: VercelRequest, response: VercelResponse) {
  if (!isCronCall(request)) return response.status(401).send("no");
  return response.redirect(303, "/login");
}

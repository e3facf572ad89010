import type { VercelRequest, VercelResponse } from "@vercel/node";

import { isCronCall } from "../../lib/node.js";

export default (request: VercelRequest, response: VercelResponse) => {
  if (!isCronCall(request)) return response.status(401).send("no");
  return response.status(404).send("nothing here");
};

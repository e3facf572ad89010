import type { NextApiRequest, NextApiResponse } from "next";
import { pageJob } from "../../../lib/jobs";
import { ask } from "../../../lib/upstream";

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  return pageJob(() => ask("rows"))(req, res);
}

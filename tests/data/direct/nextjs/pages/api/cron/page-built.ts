import type { NextApiRequest, NextApiResponse } from "next";
import { sendError, sendRows } from "../../../lib/pages";
import { ask } from "../../../lib/upstream";

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) {
    return sendError(res, 401, "no");
  }
  const { rows } = await ask("rows");
  if (rows.length === 0) return sendRows(res, [], "none");
  if (rows.length === 1) {
    sendError(res, 503, "one is too few");
    return;
  }
  sendRows(res, rows);
}

import type { NextApiRequest, NextApiResponse } from "next";
import { ask } from "../../../lib/upstream";

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method === "GET" || req.method === "POST") {
    const { rows } = await ask("rows");
    if (!rows.length) return res.status(404).json({ error: "none" });
    return res.status(200).json({ rows });
  }
  res.setHeader("Allow", ["GET", "POST"]);
  return res.status(405).end("Method not allowed");
}

import type { NextApiRequest, NextApiResponse } from "next";
import { ask } from "../../../lib/upstream";

export const config = { maxDuration: 60 };

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method !== "GET") {
    res.setHeader("Allow", "GET");
    return res.status(405).json({ error: "only GET" });
  }
  if (req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) {
    return res.status(401).end("no");
  }
  const { kind = "all", tag } = req.query;
  try {
    const made = await ask(`kinds/${kind}`);
    res.setHeader("Cache-Control", "no-store");
    return res.status(200).json({ made, kind, tag, url: req.url });
  } catch (error) {
    return res.status(500).json({ error: "no kinds" });
  }
}

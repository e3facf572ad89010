import type { NextApiRequest, NextApiResponse } from "next";

import { upstream } from "../../../lib/upstream";

export const config = { maxDuration: 60 };

export default async function handler(
  request: NextApiRequest,
  response: NextApiResponse,
) {
  if (
    request.headers.authorization !== `Bearer ${process.env.CRON_SECRET ?? "?"}`
  ) {
    return response.status(401).json({ error: "no" });
  }
  const events = await upstream("events");
  response.status(200).json({ events, url: request.url, query: request.query });
}

import type { NextApiResponse } from "next";

export function sendRows(res: NextApiResponse, rows: unknown[], note?: string) {
  return res.status(200).json({ count: rows.length, rows, note });
}

export function sendError(res: NextApiResponse, code: number, error: string) {
  console.error(error);
  res.status(code).json({ error });
}

import { NextResponse } from "next/server";
import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { rows } = await ask("rows");
  const response = NextResponse.json({ rows }, { status: rows.length ? 201 : 404 });
  response.headers.set("Cache-Control", "no-store");
  return response;
}

import type { NextRequest } from "next/server";
import { ask } from "../../../../lib/upstream";

export async function GET(request: NextRequest) {
  const url = new URL(request.url);
  const { rows } = await ask("rows");
  await ask("few", { from: `${request.nextUrl.origin}/jobs`, path: url.pathname, host: url.host });
  return Response.json({ rows, next: new URL("/next", request.url), of: request.url, at: url.origin });
}

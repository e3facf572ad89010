import { type NextRequest, NextResponse } from "next/server";

import { isAllowed } from "../../../../lib/cron";
import { upstream } from "../../../../lib/upstream";

export const maxDuration = 800;

export async function GET(request: NextRequest) {
  if (!isAllowed(request))
    return NextResponse.json({ error: "no" }, { status: 401 });
  const model = request.nextUrl.searchParams.get("model") ?? "all";
  const made = await upstream(
    "predictions",
    `?model=${encodeURIComponent(model)}`,
  );
  return NextResponse.json({ model, made });
}

import { type NextRequest, NextResponse } from "next/server";

import { isAllowed } from "../../../../lib/cron";
import { upstream } from "../../../../lib/upstream";

export async function GET(request: NextRequest) {
  if (!isAllowed(request))
    return NextResponse.json({ error: "no" }, { status: 401 });
  const { search, searchParams } = request.nextUrl;
  const sources = searchParams.getAll("source");
  return NextResponse.json({
    search,
    sources,
    models: await upstream("models", search),
  });
}

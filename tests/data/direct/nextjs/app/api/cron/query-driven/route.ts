import { NextResponse, type NextRequest } from "next/server";
import { ask } from "../../../../lib/upstream";

export async function GET(request: NextRequest) {
  const { searchParams } = new URL(request.url);
  const type = searchParams.get("type") ?? "all";
  const limit = Number(searchParams.get("limit") || "10");
  const isForced = searchParams.get("force") === "true";
  const since = request.nextUrl.searchParams.get("since");
  if (type !== "weekly" && type !== "all") {
    return NextResponse.json({ error: `no type ${type}` }, { status: 400 });
  }
  await ask("report", { type, limit, isForced, since });
  return NextResponse.json({ type, limit, isForced, since });
}

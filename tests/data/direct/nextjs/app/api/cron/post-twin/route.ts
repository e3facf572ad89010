import { NextRequest, NextResponse } from "next/server";
import { isAllowed } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

async function run(request: NextRequest) {
  const day = request.nextUrl.searchParams.get("day") ?? "today";
  const { rows } = await ask("rows");
  if (!rows.length) return NextResponse.json({ error: "no rows" }, { status: 404 });
  return NextResponse.json({ kept: await ask("keep", `${day} ${rows.length}`) });
}

/** The platform asks by GET, a dashboard by POST. */
export async function GET(request: NextRequest) {
  const allowed = isAllowed(request);
  if (!allowed) return NextResponse.json({ error: "no" }, { status: 401 });
  return run(request);
}

export async function POST(request: NextRequest) {
  const allowed = isAllowed(request);
  if (!allowed) return NextResponse.json({ error: "no" }, { status: 401 });
  return run(request);
}

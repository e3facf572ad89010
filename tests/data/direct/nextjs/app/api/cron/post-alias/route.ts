import { NextRequest, NextResponse } from "next/server";
import { isAllowed } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export async function GET(request: NextRequest) {
  if (!isAllowed(request)) return NextResponse.json({}, { status: 403 });
  await ask("clean");
  return NextResponse.json({ cleaned: true });
}

// Some schedulers only send POST.
export async function POST(request: NextRequest) {
  return GET(request);
}

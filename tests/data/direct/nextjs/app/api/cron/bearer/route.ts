import { NextRequest, NextResponse } from "next/server";
import { ask } from "../../../../lib/upstream";

export async function GET(request: NextRequest) {
  // Only Vercel knows the secret.
  const authHeader = request.headers.get("authorization");
  const cronSecret = process.env.CRON_SECRET;
  if (!cronSecret) {
    return NextResponse.json({ error: "not configured" }, { status: 500 });
  }
  if (authHeader !== `Bearer ${cronSecret}`) {
    return NextResponse.json({ error: "Unauthorized" }, { status: 401 });
  }

  const done = await ask("refresh", { full: true });
  return NextResponse.json(done);
}

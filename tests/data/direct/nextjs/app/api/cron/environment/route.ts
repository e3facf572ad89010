import { NextRequest, NextResponse } from "next/server";
import { ask } from "../../../../lib/upstream";

interface Summary {
  of: string;
}

export const runtime = "nodejs";

export const GET = async (request: NextRequest): Promise<NextResponse> => {
  if (
    process.env.NODE_ENV === "production" &&
    request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`
  ) {
    return NextResponse.json({ error: "no" } as const, { status: 401 });
  }
  const summary: Summary = await ask("summary");
  return NextResponse.json(summary);
};

import { NextResponse } from "next/server";
import { judge } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  const caller = judge(request);
  if (!caller.ok) {
    return NextResponse.json({ error: caller.reason }, { status: caller.status });
  }
  try {
    const { rows } = await ask("rows");
    await ask("store", rows);
    return NextResponse.json({ success: true, stored: rows.length });
  } catch (error) {
    console.error("storing failed", error);
    return NextResponse.json(
      {
        success: false,
        error: error instanceof Error ? error.message : "Unknown error",
      },
      { status: 500 },
    );
  }
}

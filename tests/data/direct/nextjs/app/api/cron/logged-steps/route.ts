import { NextResponse } from "next/server";
import { isAllowed } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  try {
    if (!isAllowed(request)) return NextResponse.json({ error: "no" }, { status: 401 });
    await ask("first");
    const second = await ask("second");
    await Promise.all([ask("third"), ask("fourth", { of: 4 })]);
    return NextResponse.json({ success: true, second });
  } catch (error) {
    console.error("it failed", error);
    return NextResponse.json({ success: false, error: "it failed" }, { status: 500 });
  }
}

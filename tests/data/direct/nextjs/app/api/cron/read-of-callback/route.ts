import type { NextRequest } from "next/server";
import { NextResponse } from "next/server";
import { denyStranger } from "../../../../lib/cron";
import { explained, withRun } from "../../../../lib/runs";
import { ask } from "../../../../lib/upstream";

export async function GET(request: NextRequest) {
  try {
    const denied = denyStranger(request);
    if (denied) return denied;
    return await withRun("rows", async () => {
      const { rows } = await ask("rows");
      if (!rows.length) return NextResponse.json({ error: "none" }, { status: 503 });
      return NextResponse.json({ rows });
    });
  } catch (error) {
    return explained(error);
  }
}

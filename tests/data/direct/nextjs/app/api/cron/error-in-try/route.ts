import { NextResponse } from "next/server";
import { fail } from "../../../../lib/answers";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  try {
    if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
      return fail("Unauthorized", 401);
    }
    const { rows } = await ask("rows");
    if (rows.length === 0) {
      return NextResponse.json({ error: "there are no rows" }, { status: 404 });
    }
    if (rows.length > 2) {
      return new NextResponse("too many rows", { status: 429 });
    }
    await ask("few", rows);
    return NextResponse.json({ rows: rows.length });
  } catch (error) {
    await ask("alarm", { why: String(error) }).catch(() => null);
    return NextResponse.json({ error: "it failed" }, { status: 500 });
  }
}

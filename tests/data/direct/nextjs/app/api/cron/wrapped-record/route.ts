import { NextResponse } from "next/server";
import { withRecord } from "../../../../lib/jobs";
import { ask } from "../../../../lib/upstream";

export const dynamic = "force-dynamic";

/** Counts the rows. */
export const GET = withRecord("rows", async (request) => {
  const least = Number(request.nextUrl.searchParams.get("least") ?? "0");
  const { rows } = await ask("rows");
  if (rows.length < least) return NextResponse.json({ error: "too few" }, { status: 503 });
  await ask("keep", rows);
  return NextResponse.json({ rows: rows.length });
});
export const POST = GET;

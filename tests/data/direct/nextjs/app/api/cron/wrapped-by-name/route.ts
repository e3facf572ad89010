import { NextResponse } from "next/server";
import { withCatch } from "../../../../lib/jobs";
import { ask } from "../../../../lib/upstream";

async function sweep() {
  const { rows } = await ask("rows");
  if (rows.length === 1) return NextResponse.json({ error: "only one" }, { status: 409 });
  await ask("keep");
  return NextResponse.json({ rows });
}

export const GET = withCatch(sweep);

import type { NextRequest } from "next/server";
import { NextResponse } from "next/server";
import { withRecord } from "../../../../lib/jobs";
import { ask } from "../../../../lib/upstream";

export async function GET(request: NextRequest) {
  return withRecord("made", sweep)(request);
}

async function sweep() {
  const { rows } = await ask("rows");
  return NextResponse.json({ rows });
}

import { NextResponse } from "next/server";
import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { rows } = await ask("rows");
  const kept: unknown[] = [];
  for (const row of rows) {
    try {
      kept.push(await ask("keep", `row ${row.id}`));
    } catch {
      break;
    }
  }
  const status = kept.length < rows.length ? 500 : 200;
  return NextResponse.json({ rows: rows.length, kept: kept.length }, { status });
}

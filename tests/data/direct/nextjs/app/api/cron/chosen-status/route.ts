import { NextResponse } from "next/server";
import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { rows } = await ask("rows");
  const outcomes = await Promise.allSettled(rows.map((row: any) => ask(`items/${row.id}`)));
  const failed = outcomes.filter((outcome) => outcome.status === "rejected").length;
  return NextResponse.json(
    { total: rows.length, failed },
    { status: failed > 0 ? 500 : 200 },
  );
}

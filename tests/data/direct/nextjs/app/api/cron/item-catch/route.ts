import { NextResponse } from "next/server";
import { denyStranger } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  const denied = denyStranger(request);
  if (denied) return denied;

  const { rows } = await ask("rows");
  const errors: string[] = [];
  let done = 0;
  for (const row of rows) {
    try {
      await ask(`items/${row.id}`, row);
      done++;
    } catch (error) {
      errors.push(`${row.id}: ${(error as Error).message}`);
    }
  }
  return NextResponse.json({ done, errors: errors.length > 0 ? errors : undefined });
}

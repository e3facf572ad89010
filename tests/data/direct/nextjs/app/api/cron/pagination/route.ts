import { NextResponse, type NextRequest } from "next/server";
import { requireCron } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export async function GET(req: NextRequest) {
  await requireCron(req);
  let cursor: number | null = 0;
  let pages = 0;
  while (true) {
    const page = await ask(`pages/${cursor}`);
    pages += 1;
    await ask("keep", { of: page.page });
    if (page.next === null) break;
    cursor = page.next;
  }
  return NextResponse.json({ pages });
}

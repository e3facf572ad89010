import type { NextRequest } from "next/server";
import { isAllowed } from "../../../../lib/cron";
import { ok, problem } from "../../../../lib/answers";
import { ask } from "../../../../lib/upstream";

export async function GET(request: NextRequest) {
  try {
    if (!isAllowed(request)) return problem("no", 401);
    const { rows } = await ask("rows");
    if (rows.length === 0) return ok(null, "nothing is due");
    if (rows.length === 1) {
      return problem(`only ${rows.length}`, 409);
    }
    if (rows.length === 2) return ok(await ask("few", rows));
    const first = await ask(`items/${rows[0].id}`);
    return ok(
      {
        first,
        count: rows.length,
      },
      `${rows.length} rows`,
    );
  } catch (error) {
    return problem(error instanceof Error ? error.message : "unknown", 500);
  }
}

import { judged } from "../../../../lib/runs";
import { ask } from "../../../../lib/upstream";

export async function GET() {
  try {
    const { rows } = await ask("rows");
    return await judged(rows);
  } finally {
    await ask("unlock").catch(() => null);
  }
}

import { mislabelled } from "../../../../lib/runs";
import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { rows } = await ask("rows");
  return mislabelled(rows);
}

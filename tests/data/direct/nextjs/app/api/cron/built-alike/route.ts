import { Answers } from "../../../../lib/answers";
import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { rows } = await ask("rows");
  if (rows.length < 2) return Answers.later();
  return Answers.done({ rows });
}

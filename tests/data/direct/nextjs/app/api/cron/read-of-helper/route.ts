import { isAllowed } from "../../../../lib/cron";
import { explained, judged } from "../../../../lib/runs";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  try {
    const { rows } = await ask("rows");
    await ask("few", rows);
    return await judged(rows);
  } catch (error) {
    return explained(error);
  }
}

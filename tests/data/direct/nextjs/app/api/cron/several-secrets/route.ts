import { isAllowedByAny } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  if (!isAllowedByAny(request)) return Response.json({ error: "no" }, { status: 401 });
  return Response.json(await ask("rows"));
}

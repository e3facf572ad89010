import { withTiming } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export const GET = withTiming(async () => {
  const { rows } = await ask("rows");
  if (!rows.length) return Response.json({ error: "none" }, { status: 404 });
  return Response.json({ rows });
});

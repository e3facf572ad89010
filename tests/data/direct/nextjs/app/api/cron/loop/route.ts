import { ask } from "../../../../lib/upstream";
import { isAllowed } from "../../../../lib/cron";

export async function GET(request: Request): Promise<Response> {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  const { rows } = await ask("rows");
  let sent = 0;
  for (const row of rows) {
    if (row.muted) continue;
    await ask("send", { id: row.id });
    sent++;
  }
  return Response.json({ ok: true, sent }, { headers: { "cache-control": "no-store" } });
}

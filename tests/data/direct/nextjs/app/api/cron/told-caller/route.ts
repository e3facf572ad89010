import { isAllowed } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  const isCron = request.headers.get("x-vercel-cron") === "1";
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  await ask("kept", { by: isCron ? "cron" : "hand" });
  return Response.json({ source: isCron ? "vercel-cron" : "manual", rows: await ask("rows") });
}

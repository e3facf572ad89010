import { isAllowed } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  const schedule = request.headers.get("x-vercel-cron-schedule");
  const isDaily = request.headers.get("x-vercel-cron-schedule") === "0 6 * * *";
  await ask("by", { schedule, agent: request.headers.get("user-agent") });
  return Response.json({ schedule, isDaily });
}

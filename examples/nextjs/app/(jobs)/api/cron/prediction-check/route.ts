import { isAllowed } from "../../../../../lib/cron";
import { upstream } from "../../../../../lib/upstream";

export async function GET(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  const checked = await upstream("checks");
  const schedule = request.headers.get("x-vercel-cron-schedule");
  return Response.json({ checked, schedule });
}

import { isAllowed } from "../../../../lib/cron";
import { upstream } from "../../../../lib/upstream";

export async function POST(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  return Response.json({ rebuilt: await upstream("index") });
}

import { isAllowed } from "../../../../lib/cron";
import { upstream } from "../../../../lib/upstream";

export const runtime = "edge";

export async function GET(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  return Response.json({
    recovered: await upstream("sessions"),
    edge: "EdgeRuntime" in globalThis,
  });
}

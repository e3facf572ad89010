import { isAllowed } from "../../../../lib/cron";
import { upstream } from "../../../../lib/upstream";

async function sendDigest() {
  await upstream("digest");
}

export async function GET(request: Request) {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  sendDigest();
  return Response.json({ started: true });
}

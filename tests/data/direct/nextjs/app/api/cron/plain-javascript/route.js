import { ask } from "../../../../lib/upstream";

export async function GET(request) {
  const authorization = request.headers.get("authorization");
  if (!process.env.CRON_SECRET || authorization !== `Bearer ${process.env.CRON_SECRET}`)
    return Response.json({ error: "no" }, { status: 401 });
  const hours = parseInt(new URL(request.url).searchParams.get("hours") || "24", 10);
  try {
    const made = await ask(`hours/${hours}`);
    return Response.json({ made, hours });
  } catch (error) {
    return Response.json({ error: "no hours" }, { status: 502 });
  }
}

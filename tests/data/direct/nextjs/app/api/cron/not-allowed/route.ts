import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  const secret = process.env.CRON_SECRET;
  if (secret) {
    if (request.headers.get("authorization") !== `Bearer ${secret}`) {
      return Response.json({ error: "no" }, { status: 401 });
    }
  } else if (process.env.NODE_ENV === "production") {
    return Response.json({ error: "no secret" }, { status: 503 });
  }
  const { rows } = await ask("rows");
  return Response.json({ rows: rows.length });
}

export const POST = () => Response.json({ error: "GET alone" }, { status: 405 });

export async function OPTIONS() {
  return new Response(null, { status: 204, headers: { allow: "GET" } });
}

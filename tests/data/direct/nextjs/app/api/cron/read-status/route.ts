import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { rows } = await ask("rows");
  const status = [500, 400, 207, 200][rows.length];
  if (rows.length === 3) return Response.json({ rows }, { status, headers: { "x-rows": "3" } });
  return rows.length ? Response.json({ rows }, { status }) : Response.json({ error: "none" }, { status: 503 });
}

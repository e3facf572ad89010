import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { rows } = await ask("rows");
  if (rows.length === 0) return new Response(null, { status: 204 });
  if (rows.length === 1) {
    return new Response(JSON.stringify({ rows }), {
      status: 200,
      headers: { "Content-Type": "application/json" },
    });
  }
  if (rows.length === 2) return new Response(JSON.stringify(rows));
  return new Response("OK");
}

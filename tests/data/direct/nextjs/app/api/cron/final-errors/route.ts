import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { rows } = await ask("rows");
  if (rows.length === 0) return new Response(null, { status: 422 });
  if (rows.length === 1) return Response.json({ ok: false, message: "one is too few" }, { status: 409 });
  if (rows.length === 2) return new Response("later", { status: 503 });
  return new Response(`${rows.length} rows`);
}

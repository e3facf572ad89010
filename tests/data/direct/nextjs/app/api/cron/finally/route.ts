import { ask } from "../../../../lib/upstream";

export async function GET() {
  await ask("lock").catch(() => null);
  try {
    const { rows } = await ask("rows");
    if (!rows.length) {
      return Response.json({ error: "no rows", code: 17 }, { status: 500 });
    }
    return Response.json({ rows });
  } finally {
    await ask("unlock").catch(() => null);
  }
}

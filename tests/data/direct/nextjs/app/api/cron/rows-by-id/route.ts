import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { rows } = await ask("rows");
  if (rows.length === 0) {
    return Response.json({ sent: 0 });
  }
  for (const row of rows) {
    const told = await ask(`tell/${row.id}`);
    await ask(`send/${row.id}`, told);
  }
  return Response.json({ sent: rows.length });
}

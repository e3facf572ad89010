import { ask } from "../../../../lib/upstream";

async function* pages() {
  try {
    for (let page = 0; page < 2; page += 1) yield await ask(`pages/${page}`);
  } finally {
    await ask("closed").catch(() => null);
  }
}

export async function GET() {
  try {
    const { rows } = await ask("rows");
    if (!rows.length) return Response.json({ error: "none" }, { status: 404 });
    for await (const { page, next } of pages()) {
      if (next === null) {
        return Response.json({ error: "too few", page }, { status: 503 });
      }
    }
    return Response.json({ rows });
  } catch {
    return Response.json({ caught: true });
  } finally {
    await ask("unlocked").catch(() => null);
  }
}

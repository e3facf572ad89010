import { ask } from "../../../../lib/upstream";

async function handle(request: Request) {
  if (!["GET", "POST"].includes(request.method)) {
    return Response.json({ error: "no such method" }, { status: 405 });
  }
  if (request.method === "POST") {
    await ask("posted");
  } else if (request.method === "GET") {
    const { rows } = await ask("rows");
    if (!rows.length) return Response.json({ error: "none" }, { status: 404 });
    await ask("few", rows);
    return Response.json({ rows });
  }
  return Response.json({ posted: true });
}

export { handle as GET, handle as POST };

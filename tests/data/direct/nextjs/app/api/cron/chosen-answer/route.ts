import { ask } from "../../../../lib/upstream";

export async function GET() {
  const { due } = await ask("due");
  return due.length ? Response.json({ due }) : new Response("nothing");
}

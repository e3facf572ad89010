import { ask } from "../../../../lib/upstream";

export async function POST() {
  const result = await ask("sync", {});
  return Response.json({ synced: result.of });
}

export const GET = async () => POST();

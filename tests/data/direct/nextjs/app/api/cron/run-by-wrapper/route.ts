import { runJob } from "../../../../lib/jobs";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  return runJob(request, "rows", async (at) => {
    const { rows } = await ask("rows");
    return { rows: rows.length, at: at.toISOString(), dry: new URL(request.url).searchParams.has("dry") };
  });
}

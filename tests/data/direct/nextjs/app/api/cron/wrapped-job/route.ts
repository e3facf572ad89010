import { withJob } from "../../../../lib/jobs";
import { ask } from "../../../../lib/upstream";

export const GET = withJob("rows", async ({ request, startedAt }) => {
  const { rows } = await ask("rows");
  return { path: request.nextUrl.pathname, rows: rows.length, at: startedAt.toISOString() };
});

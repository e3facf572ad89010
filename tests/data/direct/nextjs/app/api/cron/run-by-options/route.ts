import { runKept } from "../../../../lib/jobs";
import { ask } from "../../../../lib/upstream";

export const GET = (request: Request) =>
  runKept(request, {
    name: "rows",
    work: async () => {
      const { rows } = await ask("rows");
      return { rows, failed: rows.length === 2 };
    },
  });

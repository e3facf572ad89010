import { judged } from "../../../../lib/runs";
import { ask } from "../../../../lib/upstream";

export const GET = () => ask("rows").then(({ rows }) => judged(rows));

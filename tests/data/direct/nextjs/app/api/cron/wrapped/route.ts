import { withCron } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export const GET = withCron(async () =>
  Response.json({ markets: await ask("markets") }),
);

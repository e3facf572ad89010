import { withCron } from "../../../../lib/cron";
import { upstream } from "../../../../lib/upstream";

export const GET = withCron(async () =>
  Response.json({ markets: await upstream("markets") }),
);

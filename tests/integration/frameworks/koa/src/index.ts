import { bodyParser } from "@koa/bodyparser";
import Koa from "koa";

import { cron } from "./cron";

const app = new Koa();

app.use(async (ctx, next) => {
  if (ctx.path.startsWith("/api/inngest")) ctx.throw(403, "stopped");
  await next();
});
app.use(bodyParser({ jsonLimit: "10b" }));
app.use(cron.routes()).use(cron.allowedMethods());

export default app;

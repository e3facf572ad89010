import Router from "@koa/router";
import Koa from "koa";
import { asked, isCron } from "./upstream.mjs";

const app = new Koa();
const cron = new Router({ prefix: "/api/cron" });
let calls = 0;

cron.get("/rates", async (ctx) => {
  if (!isCron(ctx.get("authorization"))) ctx.throw(401, "no");
  const day = ctx.query.day;
  const rates = await asked(`rates?day=${day}`);
  if (!rates) {
    ctx.status = 503;
    ctx.body = { error: "no rates" };
    return;
  }
  if (rates.rows.length === 0) {
    ctx.throw(404, "nothing to do");
  }
  for (const row of rates.rows) await asked(`store/${row}?of=${ctx.query.of ?? "none"}`);
  ctx.body = { day, stored: rates.rows.length, missing: ctx.query.missing === undefined };
});

cron.get("/count", async (ctx) => {
  calls += 1;
  await asked(`count/${ctx.headers["x-vercel-cron-schedule"]}`);
  ctx.body = null;
});

app.use(cron.routes()).use(cron.allowedMethods());

export default app;

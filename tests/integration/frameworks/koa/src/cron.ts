import Router from "@koa/router";

/** The routes that Vercel's cron calls. */
export const cron = new Router({ prefix: "/api" });

cron.use(async (ctx, next) => {
  const wanted = `Bearer ${process.env["CRON_SECRET"] ?? "?"}`;
  if (ctx.get("authorization") !== wanted) ctx.throw(401, "no");
  await next();
});

cron.get("/cron/echo", (ctx) => {
  ctx.body = {
    search: ctx.search,
    all: ctx.query["x"],
    schedule: ctx.get("x-vercel-cron-schedule"),
    agent: ctx.get("user-agent"),
  };
});

let calls = 0;
cron.get("/cron/flaky", (ctx) => {
  calls += 1;
  if (calls % 2 === 0) {
    ctx.body = { calls };
    return;
  }
  ctx.status = 503;
  ctx.set("retry-after", "7");
  ctx.body = "busy";
});
cron.get("/cron/gone", (ctx) => {
  ctx.status = 404;
  ctx.body = { error: "nothing here" };
});
cron.get("/cron/away", (ctx) => {
  ctx.redirect("/login");
  ctx.status = 303;
});
cron.get("/jobs/:job", (ctx) => {
  ctx.body = { job: ctx.params["job"] };
});

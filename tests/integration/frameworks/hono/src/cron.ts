import { Hono } from "hono";

/** The routes that Vercel's cron calls. */
export const cron = new Hono();

cron.use("*", async (context, next) => {
  const wanted = `Bearer ${process.env["CRON_SECRET"] ?? "?"}`;
  if (context.req.header("authorization") !== wanted) return context.json({ error: "no" }, 401);
  await next();
});

cron.get("/cron/echo", (context) =>
  context.json({
    search: new URL(context.req.url).search,
    all: context.req.queries("x"),
    schedule: context.req.header("x-vercel-cron-schedule"),
    agent: context.req.header("user-agent"),
  }),
);

let calls = 0;
cron.get("/cron/flaky", (context) => {
  calls += 1;
  if (calls % 2 === 1) return context.text("busy", 503, { "retry-after": "7" });
  return context.json({ calls });
});
cron.get("/cron/gone", (context) => context.json({ error: "nothing here" }, 404));
cron.get("/cron/away", (context) => context.redirect("/login", 303));
cron.get("/jobs/:job", (context) => context.json({ job: context.req.param("job") }));

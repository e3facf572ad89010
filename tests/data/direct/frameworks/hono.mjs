import { Hono } from "hono";
import { logger } from "hono/logger";
import { asked, isCron } from "./upstream.mjs";

const app = new Hono().basePath("/api/cron");
let calls = 0;

app.use(logger(() => undefined));

app.get("/rates", async (c) => {
  if (!isCron(c.req.header("authorization"))) return c.json({ error: "no" }, 401);
  const day = c.req.query("day");
  const rates = await asked(`rates?day=${day}`);
  if (!rates) return c.json({ error: "no rates" }, 503);
  if (rates.rows.length === 0) return c.text("nothing to do", 404);
  for (const row of rates.rows) await asked(`store/${row}?of=${c.req.query("of") ?? "none"}`);
  return c.json({ day, stored: rates.rows.length, missing: c.req.query("missing") === undefined });
});

app.get("/count", async (c) => {
  calls += 1;
  await asked(`count/${c.req.header("x-vercel-cron-schedule")}`);
  return c.body(null, 204);
});


app.get("/calls", (c) => c.json({ calls: 0 }));

export default app;

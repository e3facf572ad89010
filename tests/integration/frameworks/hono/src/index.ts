import { Hono } from "hono";

import { cron } from "./cron.js";

type Kept = { Variables: { seen: boolean } };

const app = new Hono<Kept>();

app.use("*", async (context, next) => {
  if (context.req.path.startsWith("/api/inngest")) return context.text("stopped", 403);
  context.set("seen", true);
  await next();
});
app.route("/api", cron);
app.notFound((context) => context.json({ error: "nothing here" }, 404));

export default app;

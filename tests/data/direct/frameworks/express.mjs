import express from "express";
import { asked, isCron } from "./upstream.mjs";

const app = express();
app.use(express.json());
let calls = 0;

app.get("/api/cron/rates", async (req, res) => {
  if (!isCron(req.get("authorization"))) {
    res.sendStatus(401);
    return;
  }
  const day = req.query.day;
  const rates = await asked(`rates?day=${day}`);
  if (!rates) return res.status(503).json({ error: "no rates" });
  if (rates.rows.length === 0) return res.status(404).send("nothing to do");
  for (const row of rates.rows) await asked(`store/${row}?of=${req.query.of ?? "none"}`);
  res.json({ day, stored: rates.rows.length, missing: req.query.missing === undefined });
});

app.get("/api/cron/count", async (req, res) => {
  calls += 1;
  await asked(`count/${req.headers["x-vercel-cron-schedule"]}`);
  res.sendStatus(204);
});

export default app;

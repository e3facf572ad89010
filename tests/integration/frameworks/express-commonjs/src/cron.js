const { Router } = require("express");

/** The routes that Vercel's cron calls. */
const cron = Router();

cron.use((request, response, next) => {
  const wanted = `Bearer ${process.env.CRON_SECRET ?? "?"}`;
  if (request.headers.authorization === wanted) next();
  else response.status(401).json({ error: "no" });
});

cron.get("/cron/echo", (request, response) => {
  response.json({
    search: new URL(request.originalUrl, "http://app").search,
    all: request.query.x,
    schedule: request.headers["x-vercel-cron-schedule"],
    agent: request.headers["user-agent"],
  });
});

let calls = 0;
cron.get("/cron/flaky", (_request, response) => {
  calls += 1;
  if (calls % 2 === 1) response.status(503).set("retry-after", "7").send("busy");
  else response.json({ calls });
});
cron.get("/cron/gone", (_request, response) => {
  response.status(404).json({ error: "nothing here" });
});
cron.get("/cron/away", (_request, response) => {
  response.redirect(303, "/login");
});
cron.get("/jobs/:job", (request, response) => {
  response.json({ job: request.params.job });
});

module.exports = { cron };

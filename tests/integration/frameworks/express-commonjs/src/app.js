const express = require("express");

const { cron } = require("./cron");

const app = express();

app.use(express.json({ limit: "10b" }));
app.use((request, response, next) => {
  if (request.path.startsWith("/api/inngest")) response.status(403).send("stopped");
  else next();
});
app.use("/api", cron);

module.exports = { app };

import express, { type NextFunction, type Request, type Response } from "express";

import { cron } from "./cron";

export const app = express();

app.use(express.json({ limit: "10b" }));
app.use((request: Request, response: Response, next: NextFunction) => {
  if (request.path.startsWith("/api/inngest")) response.status(403).send("stopped");
  else next();
});
app.use("/api", cron);

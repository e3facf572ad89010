import Fastify from "fastify";
import { asked, isCron } from "./upstream.mjs";

const app = Fastify();
let calls = 0;

app.get("/api/cron/rates", async (request, reply) => {
  if (!isCron(request.headers.authorization)) return reply.code(401).send({ error: "no" });
  const day = request.query.day;
  const rates = await asked(`rates?day=${day}`);
  if (!rates) return reply.code(503).send({ error: "no rates" });
  if (rates.rows.length === 0) {
    reply.status(404).send("nothing to do");
    return;
  }
  for (const row of rates.rows) await asked(`store/${row}?of=${request.query.of ?? "none"}`);
  return { day, stored: rates.rows.length, missing: request.query.missing === undefined };
});

app.get("/api/cron/count", async (request, reply) => {
  calls += 1;
  await asked(`count/${request.headers["x-vercel-cron-schedule"]}`);
  return reply.code(204).send();
});

export default app;

import Fastify from "fastify";

const app = Fastify({ logger: false });

function refused(authorization: string | undefined): boolean {
  return authorization !== `Bearer ${process.env["CRON_SECRET"] ?? "?"}`;
}

app.get("/api/cron/echo", async (request, reply) => {
  if (refused(request.headers.authorization)) return reply.code(401).send({ error: "no" });
  const url = new URL(request.url, "http://app");
  return {
    search: url.search,
    all: url.searchParams.getAll("x"),
    schedule: request.headers["x-vercel-cron-schedule"],
    agent: request.headers["user-agent"],
  };
});

let calls = 0;
app.get("/api/cron/flaky", async (request, reply) => {
  if (refused(request.headers.authorization)) return reply.code(401).send({ error: "no" });
  calls += 1;
  if (calls % 2 === 1) return reply.code(503).header("retry-after", "7").send("busy");
  return { calls };
});

app.get("/api/cron/gone", async (_request, reply) => reply.code(404).send({ error: "nothing here" }));
app.get("/api/cron/away", async (_request, reply) => reply.redirect("/login", 303));
app.get<{ Params: { job: string } }>("/api/jobs/:job", async (request, reply) => {
  if (refused(request.headers.authorization)) return reply.code(401).send({ error: "no" });
  return { job: request.params.job };
});

app.listen({ port: Number(process.env["PORT"] ?? 3000), host: "127.0.0.1" }).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

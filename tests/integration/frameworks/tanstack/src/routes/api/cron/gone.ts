import { createFileRoute } from "@tanstack/react-router";

export const Route = createFileRoute("/api/cron/gone")({
  server: {
    handlers: { ANY: () => Response.json({ error: "nothing here" }, { status: 404 }) },
  },
});

import { createFileRoute } from "@tanstack/react-router";

import { isCron } from "../../../lib/cron";

export const Route = createFileRoute("/api/cron/echo")({
  server: {
    handlers: {
      GET: ({ request }) => {
        if (!isCron(request)) return new Response("no", { status: 401 });
        const url = new URL(request.url);
        return Response.json({
          search: url.search,
          all: url.searchParams.getAll("x"),
          schedule: request.headers.get("x-vercel-cron-schedule"),
          agent: request.headers.get("user-agent"),
        });
      },
    },
  },
});

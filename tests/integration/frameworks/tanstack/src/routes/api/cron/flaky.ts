import { createFileRoute } from "@tanstack/react-router";

import { isCron } from "../../../lib/cron";

let calls = 0;

export const Route = createFileRoute("/api/cron/flaky")({
  server: {
    handlers: {
      GET: async ({ request }) => {
        if (!isCron(request)) return new Response("no", { status: 401 });
        calls += 1;
        if (calls % 2 === 0) return Response.json({ calls });
        return new Response("busy", { status: 503, headers: { "retry-after": "7" } });
      },
    },
  },
});

import { createFileRoute } from "@tanstack/react-router";

import { isCron } from "../../../lib/cron";

export const Route = createFileRoute("/api/jobs/$job")({
  server: {
    handlers: ({ createHandlers }) =>
      createHandlers({
        GET: ({ request, params }) => {
          if (!isCron(request)) return new Response("no", { status: 401 });
          return Response.json({ job: params.job });
        },
      }),
  },
});

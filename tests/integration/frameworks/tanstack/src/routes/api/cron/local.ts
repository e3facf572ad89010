import { createFileRoute } from "@tanstack/react-router";
import { createMiddleware } from "@tanstack/react-start";

import { isCron } from "../../../lib/cron";

const named = createMiddleware().server(({ next }) => next({ context: { name: "of the hook" } }));

export const Route = createFileRoute("/api/cron/local")({
  server: {
    middleware: [named],
    handlers: {
      GET: ({ request, context }) => {
        if (!isCron(request)) return new Response("no", { status: 401 });
        return Response.json({ name: context.name });
      },
    },
  },
});

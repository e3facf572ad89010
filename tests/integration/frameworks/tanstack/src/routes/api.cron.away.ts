import { createFileRoute, redirect } from "@tanstack/react-router";

export const Route = createFileRoute("/api/cron/away")({
  server: {
    handlers: {
      GET: () => {
        throw redirect({ href: "/login", statusCode: 303 });
      },
    },
  },
});

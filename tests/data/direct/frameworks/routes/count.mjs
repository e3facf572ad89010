import { createFileRoute } from "@tanstack/react-router";
import { asked } from "../upstream.mjs";

let calls = 0;

export const Route = createFileRoute("/api/cron/count")({
  server: {
    handlers: ({ createHandlers }) =>
      createHandlers({
        async GET({ request }) {
          calls += 1;
          await asked(`count/${request.headers.get("x-vercel-cron-schedule")}`);
          return new Response(null, { status: 204 });
        },
      }),
  },
});

import { createFileRoute } from "@tanstack/react-router";
import { asked, isCron } from "../upstream.mjs";

export const Route = createFileRoute("/api/cron/rates")({
  server: {
    handlers: {
      GET: async ({ request }) => {
        if (!isCron(request.headers.get("authorization"))) return new Response("no", { status: 401 });
        const { searchParams } = new URL(request.url);
        const day = searchParams.get("day");
        const rates = await asked(`rates?day=${day}`);
        if (!rates) return Response.json({ error: "no rates" }, { status: 503 });
        if (rates.rows.length === 0) return new Response("nothing to do", { status: 404 });
        for (const row of rates.rows) await asked(`store/${row}?of=${searchParams.get("of") ?? "none"}`);
        return Response.json({ day, stored: rates.rows.length, missing: searchParams.get("missing") === null });
      },
    },
  },
});

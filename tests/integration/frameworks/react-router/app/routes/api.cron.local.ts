import type { LoaderFunctionArgs } from "react-router";

import { isCron } from "../lib/cron";

export async function loader({ request, context }: LoaderFunctionArgs) {
  if (!isCron(request)) return new Response("no", { status: 401 });
  return Response.json({ name: context ? "of the hook" : "" });
}

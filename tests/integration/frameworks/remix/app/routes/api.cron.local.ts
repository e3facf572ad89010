import { json, type LoaderFunctionArgs } from "@remix-run/node";

import { isCron } from "../lib/cron";

export async function loader({ request, context }: LoaderFunctionArgs) {
  if (!isCron(request)) return new Response("no", { status: 401 });
  return json({ name: context ? "of the hook" : "" });
}

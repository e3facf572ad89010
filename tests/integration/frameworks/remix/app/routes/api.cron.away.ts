import { redirect } from "@remix-run/node";

import { isCron } from "../lib/cron";

export async function loader({ request }: { request: Request }) {
  if (!isCron(request)) return new Response("no", { status: 401 });
  return redirect("/login");
}

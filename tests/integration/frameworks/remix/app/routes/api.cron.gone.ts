import { isCron } from "../lib/cron";

export async function loader({ request }: { request: Request }) {
  if (!isCron(request)) throw new Response("no", { status: 401 });
  throw new Response("nothing here", { status: 404 });
}

import { isCron } from "../lib/cron";

let calls = 0;

export const loader = ({ request }: { request: Request }) => {
  if (!isCron(request)) return new Response("no", { status: 401 });
  calls += 1;
  if (calls % 2 === 1) {
    return new Response("busy", { status: 503, headers: { "retry-after": "7" } });
  }
  return { calls };
};

import { isCron } from "../../lib/cron.js";

export default {
  fetch(request: Request) {
    if (!isCron(request)) return new Response("no", { status: 401 });
    return Response.json({ name: "of the hook" });
  },
};

import { eventHandler } from "h3";
import { asked } from "../../../upstream.mjs";

let calls = 0;

export default eventHandler(async (event) => {
  calls += 1;
  await asked(`count/${event.headers.get("x-vercel-cron-schedule")}`);
});

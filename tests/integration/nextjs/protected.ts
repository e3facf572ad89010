/** Which requests carry the secret that passes the app's own deployment protection. */
import { bridged } from "./cronshift/bridge";
import { callOf } from "./cronshift/calls";
import { fromEnvironment } from "./cronshift/environment";

const alive = setInterval(() => undefined, 1000);
const ownership = fromEnvironment({ version: 1 });
const job = { id: "x", path: "/api/cron/x", schedule: "0 3 * * *", ownership };
console.warn = () => undefined;

void (async () => {
  const sent: [string, string | null][] = [];
  globalThis.fetch = async (url, init) => {
    const address = url instanceof Request ? url.url : url.toString();
    const secret = new Headers(init?.headers).get("x-vercel-protection-bypass");
    sent.push([address, secret]);
    const away = address.endsWith("/moved");
    return away
      ? new Response("", { status: 307, headers: { location: "https://s3.test/f" } })
      : new Response('{"version": 1, "jobs": {}}');
  };
  await ownership();
  await bridged(callOf(job, { ts: 60_000 }, "run"));
  clearInterval(alive);
  console.log(JSON.stringify(sent));
})();

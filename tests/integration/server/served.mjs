/** One function by the SDK in a folder, on a free loopback port: node, express, express-parsed. */
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [folder, framework] = process.argv.slice(2);
const from = async (file) => import(pathToFileURL(`${folder}/${file}`).href);
const { Inngest } = await from("index.js");
const { serve } = await from(framework === "node" ? "node.js" : "express.js");

const client = new Inngest({ id: "shop" });
const trigger = { cron: "TZ=UTC 0 3 * * *" };
const work = async () => "done";
const mail = folder.endsWith("v3")
  ? client.createFunction({ id: "mail" }, trigger, work)
  : client.createFunction({ id: "mail", triggers: [trigger] }, work);
const handler = serve({ client, functions: [mail] });

/** What Express gives its handlers; the body only behind a parser. */
async function asExpress(request, response) {
  const query = new URL(request.url, "http://localhost").searchParams;
  request.query = Object.fromEntries(query);
  request.originalUrl = request.url;
  request.protocol = "http";
  request.get = (name) => request.headers[name.toLowerCase()];
  response.status = (code) => Object.assign(response, { statusCode: code });
  response.send = (text) => response.end(text);
  if (framework !== "express-parsed") return;
  let text = "";
  for await (const chunk of request) text += chunk;
  request.body = text ? JSON.parse(text) : {};
}

const server = createServer(async (request, response) => {
  if (framework !== "node") await asExpress(request, response);
  handler(request, response);
});
server.listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ port: server.address().port })),
);
process.stdin.on("end", () => process.exit()).resume();

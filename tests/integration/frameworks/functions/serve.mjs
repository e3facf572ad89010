/**
 * The functions of `dist/` as Vercel's own runtime for Node serves them, one process a function; in front
 * of them stands what finds the function of a path.
 */
import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const runtime = join(dirname(createRequire(import.meta.url).resolve("@vercel/node")), "dev-server.mjs");
const running = new Map();

function portOf(file) {
  if (!running.has(file)) {
    const child = fork(runtime, { cwd: "dist", env: { ...process.env, VERCEL_DEV_ENTRYPOINT: file } });
    running.set(file, new Promise((resolve) => child.once("message", ({ port }) => resolve(port))));
  }
  return running.get(file);
}

/** Return the function's file, and the query that Vercel adds for a name in brackets. */
function found(path) {
  const file = `${path.slice(1)}.js`;
  if (existsSync(join("dist", file))) return [file, ""];
  const inBrackets = `${dirname(file)}/[job].js`;
  return existsSync(join("dist", inBrackets)) ? [inBrackets, `job=${path.split("/").pop()}`] : null;
}

createServer(async (request, response) => {
  const { pathname, search } = new URL(request.url, "http://app");
  const place = found(pathname);
  if (!place) return response.writeHead(404).end();
  const [file, added] = place;
  const query = [search.slice(1), added].filter(Boolean).join("&");
  const headers = { ...request.headers, "x-forwarded-host": request.headers.host, "x-forwarded-proto": "http" };
  const options = { port: await portOf(file), host: "127.0.0.1", method: request.method, headers };
  const asked = ask({ ...options, path: query ? `${pathname}?${query}` : pathname }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  request.pipe(asked);
}).listen(Number(process.env.PORT), "127.0.0.1");
process.once("SIGTERM", () => process.exit(0));

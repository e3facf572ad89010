/** Answers of pages, as Next.js gives them over HTTP and as they are called as functions: one JSON object. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { NextApiHandler } from "next";
import { apiResolver } from "next/dist/server/api-utils/node/api-resolver.js";
import { NextRequest } from "next/server.js";

import { page, paged } from "./cronshift/pages";
import { sending } from "./cronshift/sending";

const TYPE = "application/octet-stream";
const LARGE = "0123456789abcdef".repeat(20_000);
const HANDLERS: Record<string, NextApiHandler> = {
  json: (_, response) => response.json({ text: "grüß", list: [1, null] }),
  status: (_, response) => response.status(201).json("created"),
  text: (_, response) => response.status(200).send("grüß"),
  object: (_, response) => response.send({ a: 1 }),
  bytes: (_, response) =>
    response.setHeader("content-type", TYPE).send(Buffer.from([0, 255, 13, 10, 13, 10])),
  number: (_, response) => response.send(7),
  nothing: (_, response) => response.send(null),
  end: (_, response) => response.status(202).end(),
  "no content": (_, response) => response.status(204).end(),
  away: (_, response) => response.redirect("/login?a=1:2"),
  "moved for good": (_, response) => response.redirect(301, "https://example.com/"),
  head: (_, response) => {
    response.setHeader("x-first", "1");
    response.writeHead(207, "Of many", { "X-Second": "2", "content-type": "text/plain" });
    response.end("ok");
  },
  "a head alone": (_, response) => {
    response.writeHead(200, { "x-only": "a: b" }).end("ok");
  },
  "headers of pairs": (_, response) => {
    response.writeHead(200, [["x-one", "1"], ["x-two", "2"]] as never);
    response.end();
  },
  cookies: (_, response) => {
    response.setHeader("set-cookie", ["a=1; Path=/", "b=2"]).end();
  },
  taken: (_, response) => {
    response.setHeader("x-a", "1").setHeader("x-b", "2").removeHeader("x-a");
    response.json([response.getHeader("x-b"), response.hasHeader("x-a")]);
  },
  parts: (_, response) => {
    response.write("one ");
    response.write(Buffer.from("two "));
    response.write("74687265652e", "hex");
    response.end("ÿ", "latin1");
  },
  later: (_, response) =>
    new Promise<void>((resolve) => {
      response.write("soon ");
      setTimeout(() => resolve(void response.end("later")), 5);
    }),
  behind: (_, response) => {
    setTimeout(() => response.json({ behind: true }), 5);
  },
  stream: (_, response) => pipeline(Readable.from([LARGE, LARGE]), response),
  "stream sent": (_, response) => 
    response.setHeader("content-type", TYPE).send(Readable.from(["a", LARGE])),
  piped: async (_, response) => {
    Readable.from([Buffer.from(LARGE)]).pipe(response);
  },
  flushed: (_, response) => {
    response.setHeader("x-a", "1").flushHeaders();
    response.end(String(response.headersSent));
  },
  informed: (_, response) => {
    response.writeProcessing();
    response.status(200).end("\r\n\r\nHTTP/1.1 500 no\r\n\r\n");
  },
  twice: (_, response) => {
    response.status(200).json({ first: true });
    response.end("second");
  },
  "behind its end": (_, response) => {
    response.status(200).end("ok");
    response.on("error", () => undefined).write("more");
    response.statusCode = 500;
  },
  request: async (request, response) => {
    const { method, url, query, cookies, headers, body, complete } = request;
    const read: unknown[] = [];
    for await (const chunk of request as IncomingMessage) read.push(chunk);
    const { authorization, "user-agent": agent } = headers;
    response.json({ method, path: url?.split("/")[2], query, cookies, authorization, agent, body, complete, read });
  },
  "thrown at once": () => {
    throw new Error("torn");
  },
  "thrown later": async () => {
    await Promise.resolve();
    throw new Error("torn");
  },
};
const OF_THE_WAY = /^(date|connection|keep-alive|transfer-encoding|content-length|etag|vary)$/;
const HEADERS = { authorization: "Bearer s", "user-agent": "vercel-cron/1.0" };

async function told(answer: Response): Promise<unknown[]> {
  const headers = Array.from(answer.headers).filter(([name]) => !OF_THE_WAY.test(name));
  const body = Buffer.from(await answer.arrayBuffer()).toString("latin1");
  return [answer.status, headers.sort(), body.length > 1000 ? body.length : body];
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://app");
  const [, way, name = ""] = decodeURIComponent(pathname).split("/");
  const handler = HANDLERS[name] as NextApiHandler;
  const query: Record<string, string | string[]> = {};
  for (const key of searchParams.keys()) {
    const values = searchParams.getAll(key);
    query[key] = values.length > 1 ? values : values.join();
  }
  const api = { externalResolver: true };
  const module = { default: way === "guarded" ? page(routed(handler)) : handler, config: { api } };
  response.on("error", () => undefined); // else what is written behind its end ends the process
  void apiResolver(request, response, query, module, {} as never, false, false, "/api/x");
});

const routed = (handler: NextApiHandler) => paged(sending(handler));
const asked = (address: string) => fetch(address, { headers: HEADERS, redirect: "manual" });

server.listen(0, "127.0.0.1", () => {
  void (async () => {
    const { port } = server.address() as AddressInfo;
    const answers: Record<string, unknown> = {};
    for (const [name, handler] of Object.entries(HANDLERS)) {
      const [next, guarded, called] = ["next", "guarded", "next"].map(
        (way) => `http://127.0.0.1:${port}/${way}/${encodeURIComponent(name)}?x=%2F&x=a+b&y=&z`,
      ) as [string, string, string];
      const request = new NextRequest(called, { headers: HEADERS });
      const answer = routed(handler)(request, {} as never) as Promise<Response>;
      answers[name] = {
        called: await answer.then(told, (error: Error) => error.message),
        guarded: await asked(guarded).then(told),
        next: await asked(next).then(told),
      };
    }
    server.closeAllConnections();
    server.close();
    console.log(JSON.stringify(answers));
  })();
});

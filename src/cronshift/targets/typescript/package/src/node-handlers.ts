/** Handlers of Node's shape, `(req, res)`, called as functions. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { parse } from "node:querystring";

import type { Params, Route } from "./calls";

/** A handler as it is exported; `never` takes what it says its request and response are. */
export type NodeHandler = (request: never, response: never) => unknown;

/** Return a handler as a route: it is given a request and a response of Node's, the first with `also`. */
export function answering(
  handler: NodeHandler,
  params: Params,
  also: object,
): Route {
  return async ({ headers, url }) => {
    const { host, pathname, search } = new URL(url);
    const written: Uint8Array[] = [];
    const _write = (text: string, code: BufferEncoding, done: () => void) => {
      written.push(new Uint8Array(Buffer.from(text, code))); // or it is bytes
      done();
    };
    const socket = Object.assign(new Socket(), { _write, _writev: undefined });
    const request = Object.assign(new IncomingMessage(socket), {
      method: "GET",
      url: pathname + search,
      headers: { host, ...Object.fromEntries(Array.from(headers)) },
      complete: true,
      query: { ...parse(search.slice(1)), ...params },
      cookies: {},
      ...also,
    });
    request.push(null);
    const response = withMethods(new ServerResponse(request));
    const ended = new Promise((resolve, reject) => {
      const error = new Error(
        `GET ${request.url} was closed without an answer`,
      );
      response.once("finish", resolve).once("finish", () => response.destroy());
      response.once("close", () => reject(error));
      response.on("error", () => undefined); // of what is written behind its end
      socket.on("drain", () => response.emit("drain")).once("error", reject);
    });
    response.assignSocket(socket);
    const work = () => handler(request as never, response as never);
    await Promise.all([ended, Promise.resolve().then(work)]);
    return answerOf(Buffer.concat(written));
  };
}

/** Return a response with the methods of Next.js and Vercel that nearly all handlers use. */
function withMethods(response: ServerResponse) {
  return Object.assign(response, {
    status: (code: number) => Object.assign(response, { statusCode: code }),
    json: (body: unknown) => {
      if (!response.headersSent && !response.hasHeader("content-type")) {
        response.setHeader("content-type", "application/json; charset=utf-8");
      }
      return response.end(JSON.stringify(body));
    },
  });
}

const HEAD =
  /^(?:HTTP\S+ 1[\s\S]*?\r\n\r\n)*HTTP\S+ (\d+).*\r\n([\s\S]*?)\r\n\r\n/;

/** Return the answer that was written: behind what only informs its head, and its body. */
function answerOf(written: Buffer): Response {
  const [head, code, fields] = HEAD.exec(written.toString("latin1")) ?? [""];
  const headers = new Headers();
  for (const field of fields?.match(/^(?!connection:)\S+: .*/gim) ?? []) {
    const colon = field.indexOf(":");
    headers.append(field.slice(0, colon), field.slice(colon + 2));
  }
  const body = new Uint8Array(written.subarray(head.length));
  const status = Number(code);
  const isEmpty = !body.length || status === 205;
  return new Response(isEmpty ? null : body, { status, headers });
}

/** Handlers of Node's shape, `(req, res)`, called as functions. */
import {
  IncomingMessage,
  type OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";
import { Socket } from "node:net";
import { Readable } from "node:stream";

import type { Route } from "./calls";
import type { Params } from "./params";

/** A handler as it is exported; `never` takes what it says its request and response are. */
export type NodeHandler = (request: never, response: never) => unknown;

/** Return a handler as a route: it is given a request and a response of Node's, the first with `also`. */
export function answering(
  handler: NodeHandler,
  params: Params,
  also: object,
): Route {
  return async (request) => {
    const { headers, url } = request;
    const asked = requestOf(new URL(url), headers, params, also);
    const { response, ended } = responseTo(asked);
    const work = handler(asked as never, response as never);
    const [answer] = await Promise.all([ended, work]);
    return answer;
  };
}

function requestOf(url: URL, headers: Headers, params: Params, also: object) {
  const query: Record<string, string | string[]> = {};
  for (const name of Array.from(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name);
    query[name] = values.length > 1 ? values : values.join();
  }
  const nowhere = {
    _write: (_chunk: unknown, _encoding: unknown, done: () => void) => done(),
    _writev: (_chunks: unknown, done: () => void) => done(),
  };
  const request = new IncomingMessage(Object.assign(new Socket(), nowhere));
  request.method = "GET";
  request.url = url.pathname + url.search;
  headers.forEach((value, name) => {
    request.headers[name] = value;
  });
  request.headers.host ??= url.host;
  request.push(null);
  return Object.assign(request, {
    complete: true,
    query: { ...query, ...params },
    cookies: {},
    ...also,
  });
}

/** Return a response that keeps what is written to it, and the answer that it ends as. */
function responseTo(request: IncomingMessage) {
  const response = new ServerResponse(request);
  response.assignSocket(request.socket);
  response.once("finish", () => response.destroy());
  const { end, write, writeHead } = response;
  const written: Uint8Array[] = [];
  const keep = (chunk: unknown, given: unknown) => {
    const isNamed = typeof given === "string" && Buffer.isEncoding(given);
    if (typeof chunk === "string") {
      const bytes = Buffer.from(chunk, isNamed ? given : "utf8");
      written.push(new Uint8Array(bytes));
    } else if (chunk instanceof Uint8Array) {
      written.push(chunk);
    }
  };
  let finish: (answer: Response) => void;
  const ended = new Promise<Response>((resolve, reject) => {
    finish = resolve;
    const error = new Error(`GET ${request.url} was closed without an answer`);
    request.socket.once("error", reject);
    response.once("close", () => reject(error));
  });
  const own = {
    writeHead: (status: number, ...given: unknown[]) => {
      const headers = given.find((one) => typeof one === "object") ?? {};
      for (const [name, value] of Object.entries(headers)) {
        response.setHeader(name, value);
      }
      return Reflect.apply(writeHead, response, [status]);
    },
    write: (...given: unknown[]) => {
      if (response.writableEnded) return false;
      keep(given[0], given[1]);
      return Reflect.apply(write, response, given);
    },
    end: (...given: unknown[]) => {
      if (response.writableEnded) return response;
      keep(given[0], given[1]);
      const body = new Uint8Array(Buffer.concat(written));
      const empty = [204, 205, 304].includes(response.statusCode);
      finish(
        new Response(empty ? null : body, {
          status: response.statusCode,
          headers: headersOf(response.getHeaders()),
        }),
      );
      return Reflect.apply(end, response, given);
    },
    status: (code: number) => Object.assign(response, { statusCode: code }),
    json: (body: unknown) => {
      if (!response.headersSent && !response.hasHeader("content-type")) {
        response.setHeader("content-type", "application/json; charset=utf-8");
      }
      return own.end(JSON.stringify(body));
    },
    send: (body: unknown) => {
      if (body instanceof Readable) return body.pipe(response);
      const isRaw = typeof body === "string" || body instanceof Uint8Array;
      return isRaw || body == null ? own.end(body ?? "") : own.json(body);
    },
    redirect: (first: string | number, second?: string) => {
      const [status, url] =
        typeof first === "number" ? [first, second ?? "/"] : [307, first];
      response.statusCode = status;
      response.setHeader("location", url);
      return own.end(url);
    },
  };
  return { response: Object.assign(response, own), ended };
}

function headersOf(given: OutgoingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) headers.append(name, String(one));
    }
  }
  return headers;
}

/** Handlers of Node's shape that answer by `send()` or `redirect()`. */
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";

import type { NodeHandler } from "./node-handlers";

type Reply = ServerResponse & { json: (body: unknown) => unknown };

/** Return a handler whose response has both methods, as Next.js and Vercel add them to Node's. */
export function sending(handler: NodeHandler): NodeHandler {
  return (request, response) => {
    const reply: Reply = response;
    const send = (body: unknown) => {
      if (body instanceof Readable) return body.pipe(reply);
      const isRaw = typeof body === "string" || body instanceof Uint8Array;
      return isRaw || body == null ? reply.end(body ?? "") : reply.json(body);
    };
    const redirect = (first: string | number, second = "/") => {
      const [status, location] =
        typeof first === "number" ? [first, second] : [307, first];
      return reply.writeHead(status, { location }).end(location);
    };
    const more = Object.assign(reply, { send, redirect });
    return handler(request, more as never);
  };
}

/** Apps of Node's shape, `(req, res)`, asked in process. */
import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

import type { Route } from "./calls";

const WITHOUT_BODY = [204, 205, 304];

/** The app's own answer, its middleware and all; a server of its own asks it, for this request alone. */
export const answered: Route = async ({ headers, url }, app: unknown) => {
  const server = createServer(app as RequestListener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const { pathname, search } = new URL(url);
  const sent = Object.fromEntries(Array.from(headers));
  const path = pathname + search;
  const request = get({ agent: false, headers: sent, path, port });
  try {
    const [given] = (await once(request, "response")) as [IncomingMessage];
    const { statusCode: status = 500 } = given;
    const content = new Uint8Array(await buffer(given));
    const body = WITHOUT_BODY.includes(status) ? null : content;
    const own = { ...given.headers } as Record<string, string>;
    return new Response(body, { status, headers: own });
  } finally {
    server.close().closeAllConnections();
  }
};

/** Apps of Node's shape, `(req, res)`, asked in process. */
import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** Return an app's own answer, its middleware and all; a server of its own asks it, for this request alone. */
export async function asking(
  app: RequestListener,
  { headers, url }: Request,
): Promise<Response> {
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { pathname, search } = new URL(url);
  const sent = Object.fromEntries(headers);
  const path = pathname + search;
  try {
    const request = get({ agent: false, headers: sent, path, port });
    const [given] = (await once(request, "response")) as [IncomingMessage];
    const { statusCode: status = 500 } = given;
    const content = new Uint8Array(await buffer(given));
    const own = new Headers(given.headers as Record<string, string>);
    own.delete("transfer-encoding"); // it is whole here
    const body = content.length ? content : null;
    return new Response(body, { status, headers: own });
  } finally {
    server.close().closeAllConnections();
  }
}

/** Apps of Node's shape, `(req, res)`: asked in process, and what they are asked by Inngest. */
import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

const LARGEST = 32 * 1024 * 1024; // of what Inngest sends with a run's state

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

/** Return the JSON of a request, which no parser of the app's has come to yet; who sent it is asked behind this. */
export async function readJson(asked: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const part of asked.setEncoding("utf8")) {
    text += part as string;
    if (text.length > LARGEST) throw new Error("The request is too large.");
  }
  return JSON.parse(text || "{}");
}

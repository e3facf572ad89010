/** Say with which headers a route is asked over HTTP, without names of more headers and with one. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { NextRequest } from "next/server";

import { forwarding } from "./cronshift/forward";
import { page, paged } from "./cronshift/pages";

const asked: unknown[] = [];
const server = createServer((request, response) => {
  asked.push([request.url, request.headers["x-dry-run"] ?? null]);
  response.end();
});

server.listen(0, "127.0.0.1", () => {
  void (async () => {
    const { port } = server.address() as AddressInfo;
    const host = `127.0.0.1:${port}`;
    const headers = { host, "x-dry-run": "1", "x-other": "2" };
    const request = new NextRequest(`http://${host}/api/x?a=1`, { headers });
    for (const names of [undefined, ["X-Dry-Run"]]) {
      await forwarding("", names)(request, {} as never);
      await paged(page(forwarding("", names)))(request, {} as never);
    }
    server.close();
    console.log(JSON.stringify(asked));
  })();
});

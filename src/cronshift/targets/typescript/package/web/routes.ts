/** Calling a route's own function, with the request that Vercel makes. */

type Answered = Response | void | undefined;
export type Params = Record<string, string | string[]>;

/** What answers a request; a handler that takes something else is made one by the module of its framework. */
export type RouteHandler = (
  request: Request,
  context: { params: Params },
) => Answered | Promise<Answered>;

/** Call a route; `undefined` when it gives no answer. */
export async function ask(
  handler: RouteHandler,
  url: string,
  headers: HeadersInit,
  params: Params = {},
): Promise<Answered> {
  return handler(new Request(url, { headers }), { params });
}

/** Return a path as the framework shows it to a route: all of it. */
export function inApp(path: string, _basePath = ""): string {
  return path;
}

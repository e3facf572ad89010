/** Functions of Node's shape, `(req, res)`, called with what Vercel adds to both. */
import type { Params, Route } from "./calls";
import { answering, type NodeHandler } from "./node-handlers";

/** Return a function as a route. */
export function paged(handler: NodeHandler, params: Params = {}): Route {
  return answering(handler, params, { body: undefined });
}

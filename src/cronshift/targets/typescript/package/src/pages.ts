/** The pages router's `(req, res)` handlers, called as functions. */
import type { NextApiHandler } from "next";

import type { Route } from "./calls";
import { answering } from "./node-handlers";
import type { Params } from "./params";

/** Return a handler of the pages router as a route. */
export function paged(handler: NextApiHandler, params: Params = {}): Route {
  return answering(handler, params, { body: "", env: process.env });
}

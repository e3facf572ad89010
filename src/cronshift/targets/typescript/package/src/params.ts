/** Routes whose path has parameters. */
import type { Params } from "./calls";

/** Return what such a route is called with: a promise since Next 15, and the parameters before. */
export function withParams(params: Params) {
  return { params: Object.assign(Promise.resolve(params), params) };
}

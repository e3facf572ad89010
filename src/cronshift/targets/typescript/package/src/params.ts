/** Routes whose path has parameters. */

export type Params = Record<string, string | string[]>;

/** Return what such a route is called with: a promise since Next 15, and the parameters before. */
export function withParams(params: Params) {
  return { params: Object.assign(Promise.resolve(params), params) };
}

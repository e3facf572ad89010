/** SolidStart's handlers, called as functions. */
import type { Params, Route } from "./calls";

type Handler = (event: never) => unknown;

/** Return a handler as a route: its event has what a call of Vercel's cron has. */
export function routed(handler: Handler, params: Params = {}): Route {
  return (request) => answered(handler, { request, params, locals: {} });
}

/** Return what has a handler answer within the request that is being answered. */
export function within(
  event: { request: Request },
  handler: Handler,
  params: Params = {},
): Route {
  return (request) => answered(handler, { ...event, params, request });
}

/** Return the answer that SolidStart makes of what a handler returns; of a thrown one it keeps the status. */
async function answered(handler: Handler, event: object): Promise<Response> {
  try {
    const answer = await handler(event as never);
    if (answer instanceof Response) return answer;
    if (answer === undefined) return new Response(null, { status: 404 });
    if (answer === null) return new Response(null, { status: 204 });
    return typeof answer === "string"
      ? new Response(answer)
      : Response.json(answer);
  } catch (error) {
    if (!(error instanceof Response)) throw error;
    return new Response(null, { status: error.status });
  }
}

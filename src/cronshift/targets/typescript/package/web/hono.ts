/** An app of Hono, which takes Inngest's endpoint in and answers its functions' calls in process. */
import type { Context, Env, Hono, Schema } from "hono";

import type { Route } from "./calls";

type Answering = (request: Request) => Response | Promise<Response>;

let answering: Answering | undefined;

/** The app's own answer, its middleware and all, as to a request from outside. */
export const answered: Route = (request) => {
  if (!answering) throw new Error("mountInngest was not called.");
  return answering(request);
};

/** Return what has an app answer Inngest, where it does not serve functions itself, and Vercel's cron at the routes that ask the guard. */
export function mounting(
  endpoint: ((context: Context) => Promise<Response>) | null,
  tell: Answering,
  routes: Record<string, Answering>,
) {
  return <E extends Env, S extends Schema, B extends string>(
    app: Hono<E, S, B>,
    base = "",
  ): void => {
    const at = (path: string) =>
      path.startsWith(`${base}/`) ? path.slice(base.length) : path;
    answering = (request) => app.fetch(request);
    if (endpoint) app.on(["GET", "POST", "PUT"], at("/api/inngest"), endpoint);
    app.options(at("/api/inngest"), (context) => tell(context.req.raw));
    for (const [path, answer] of Object.entries(routes)) {
      app.all(at(path), (context) => answer(context.req.raw));
    }
  };
}

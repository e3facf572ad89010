/** Calling a route's own function, with the request that Vercel makes. */
import { NextRequest } from "next/server";

type Answered = Response | void | undefined;
export type Params = Record<string, string | string[]>;

/** What a route exports as `GET`; `never` takes what the route says its context is. */
export type RouteHandler = (
  request: NextRequest,
  context: never,
) => Answered | Promise<Answered>;

/** Call a route; `undefined` when it gives no answer. What Next would answer for it, this does. */
export async function ask(
  handler: RouteHandler,
  url: string,
  headers: HeadersInit,
  params: Params = {},
): Promise<Answered> {
  const both = Object.assign(Promise.resolve(params), params); // a promise since Next 15
  const left: Promise<unknown>[] = []; // work that a page on the Edge leaves behind
  const waitUntil = (work: Promise<unknown>) => {
    left.push(work);
    work.catch(() => undefined); // thrown below, once the answer is there
  };
  try {
    const context = { params: both, waitUntil } as never;
    const answer = await handler(new NextRequest(url, { headers }), context);
    await Promise.all(left);
    return answer;
  } catch (error) {
    const answer = answerOf(error);
    if (!answer) throw error;
    return answer;
  }
}

/** Return the answer that `redirect()`, `notFound()` and the like of `next/navigation` stand for. */
function answerOf(error: unknown): Response | null {
  const { digest } = Object(error) as { digest?: unknown };
  const [kind, ...rest] = typeof digest === "string" ? digest.split(";") : [];
  if (kind === "NEXT_REDIRECT") {
    const status = Number(rest[rest.length - 2]) || 307;
    const location = rest.slice(1, -2).join(";");
    return new Response(null, { status, headers: { location } });
  }
  const status = Number(rest[0]) || 404;
  const isAnswer = /^NEXT_(HTTP_ERROR_FALLBACK|NOT_FOUND)$/.test(kind ?? "");
  return isAnswer ? new Response(null, { status }) : null;
}

/** Return a path as Next shows it to a route: without the app's `basePath`. */
export function inApp(path: string, basePath = ""): string {
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}

/** Routes that use `next/navigation`, whose `redirect()` and `notFound()` throw what Next answers with. */
import type { Route } from "./calls";

/** Return a route that gives the answer which it throws. */
export function navigated(route: Route): Route {
  return async (request, context) => {
    try {
      return await route(request, context);
    } catch (error) {
      const answer = answerOf(error);
      if (!answer) throw error;
      return answer;
    }
  };
}

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

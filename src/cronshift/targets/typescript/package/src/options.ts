/** Routes that tell, asked with OPTIONS, which ownership file is held here. */
import type { NextRequest } from "next/server";

type Answer = (request: NextRequest, own?: unknown) => Promise<Response>;

/** Return what answers OPTIONS by `tell`, and all else as it does. */
export function withOptions(
  tell: (request: Request) => Promise<Response>,
  answer: Answer,
): Answer {
  return (request, own) => {
    if (request.method === "OPTIONS") return tell(request);
    return answer(request, own);
  };
}

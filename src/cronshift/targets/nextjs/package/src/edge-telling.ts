/** Pages of the API on the Edge that tell, asked with OPTIONS, which ownership file is held here. */
import type { NextRequest } from "next/server";

type Page = (request: NextRequest, own: object) => Promise<Response>;

/** Return a page that answers OPTIONS by `tell`, and all else as it does. */
export function tellingEdge(
  tell: (request: Request) => Promise<Response>,
  page: Page,
): Page {
  return (request, own) => {
    if (request.method === "OPTIONS") return tell(request);
    return page(request, own);
  };
}

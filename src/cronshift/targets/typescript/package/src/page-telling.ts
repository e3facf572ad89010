/** OPTIONS of the pages router: which ownership file is held here, for `cronshift status --live`. */
import type { NextApiHandler, NextApiRequest, NextApiResponse } from "next";

/** Return a handler that answers as a route of the app router does. */
export function tellingPage(
  answer: (request: Request) => Promise<Response>,
): NextApiHandler {
  return async (request, response) => {
    const headers = headersOf(request);
    return sent(await answer(new Request("http://app", { headers })), response);
  };
}

export function headersOf(request: NextApiRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    headers.set(name, String(value));
  }
  return headers;
}

export async function sent(
  answer: Response,
  response: NextApiResponse,
): Promise<void> {
  response.status(answer.status);
  answer.headers.forEach((value, name) => response.setHeader(name, value));
  response.end(await answer.text());
}

/** Jobs whose route is called over HTTP, as Vercel did. */
import { NonRetriableError } from "inngest";

import { type Call, headersOf, settled } from "./calls";
import { bypassHeaders } from "./protection";

/** Answer a call over HTTP, below the address that a variable holds, else the given one. */
export async function bridged(
  call: Call,
  variable = "CRONSHIFT_BASE_URL",
  address?: string,
) {
  const base = process.env[variable] ?? address;
  if (!base) throw new NonRetriableError(`${variable} is not set`);
  const response = await fetch(base.replace(/\/+$/, "") + call.path, {
    headers: { ...headersOf(call), ...bypassHeaders() },
    ...({ redirect: "manual", cache: "no-store" } as const),
  });
  if (response.headers.has("x-cronshift-skipped")) {
    const secret = call.job.secret ?? "CRON_SECRET";
    throw new NonRetriableError(
      `GET ${call.path} answered ${response.status} as if Vercel had called: set the same ${secret} here and there`,
    );
  }
  return settled(call, response);
}

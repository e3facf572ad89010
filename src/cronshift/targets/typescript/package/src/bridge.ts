/** Jobs whose route is called over HTTP, as Vercel did. */
import { NonRetriableError } from "inngest";

import { type Call, headersOf, settled, shown } from "./calls";
import { bypassHeaders } from "./protection";

/** Answer a call over HTTP, below the address that a variable holds, else the given one. */
export async function bridged(
  call: Call,
  variable = "CRONSHIFT_BASE_URL",
  address?: string,
) {
  const base = process.env[variable] ?? address;
  if (!base) throw new NonRetriableError(`${variable} is not set`);
  const headers = { ...headersOf(call), ...bypassHeaders() };
  const request = { headers, redirect: "manual", cache: "no-store" } as const;
  const response = await fetch(base.replace(/\/+$/, "") + call.path, request);
  if (response.headers.has("x-cronshift-skipped")) {
    const secret = call.job.secret ?? "CRON_SECRET";
    throw new NonRetriableError(
      `${shown(call)} answered ${response.status} as if Vercel had called: set the same ${secret} here and there`,
    );
  }
  return settled(call, response);
}

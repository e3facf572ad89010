/** Tells `cronshift status --live`, which has the bearer, the ownership file that is held here. */
import {
  held,
  type Ownership,
  sha256,
  type Source,
  tickText,
} from "./ownership";

/** Return what answers OPTIONS; `secret` names the variable of the bearer. */
export function telling(source: Source, secret?: string) {
  return async (request: Request): Promise<Response> => {
    const { headers } = request;
    const isAsked = headers.get("x-cronshift-tell") === "ownership";
    if (!isAsked || !(await hasBearer(headers, secret))) {
      const allow = "GET, POST, PUT, OPTIONS";
      return new Response(null, { status: 204, headers: { allow } });
    }
    const { ownership, since, before, age } = await held(source);
    return json({
      ownership: ownership && (await digestOf(ownership)),
      ...(age === undefined ? {} : { age }),
      held: Math.round((Date.now() - since) / 1000),
      before: before ? await digestOf(before) : null,
    });
  };
}

/** Return the digest by which the sides tell which file they hold: of what it says alone. */
export async function digestOf(from: Ownership): Promise<string> {
  const parts = [from.jobs, from.flows].map((units) =>
    Object.entries(units ?? {})
      .sort(([name], [other]) => (name < other ? -1 : 1))
      .map(([name, epochs]) => [
        name,
        epochs.map(({ effective_at, percent, operation, owner }) => [
          tickText(new Date(effective_at)),
          Math.abs(percent), // -0 is 0
          operation,
          ...(owner ? [owner] : []),
        ]),
      ]),
  );
  const digest = Array.from(await sha256(JSON.stringify(parts)));
  const text = digest.map((byte) => byte.toString(16).padStart(2, "0"));
  return text.join("").slice(0, 16);
}

/** Return whether the caller knows the secret; never, when none is set. */
export async function hasBearer(
  headers: Headers,
  variable = "CRON_SECRET",
): Promise<boolean> {
  const secret = process.env[variable];
  if (!secret) return false;
  const sent = await sha256(headers.get("authorization") ?? "");
  const right = await sha256(`Bearer ${secret}`);
  return !sent.reduce((rest, byte, at) => rest | (byte ^ (right[at] ?? 0)), 0);
}

/** Return an answer of JSON. */
export function json(
  body: object,
  more: { status?: number; headers?: Record<string, string> } = {},
): Response {
  const headers = { "content-type": "application/json", ...more.headers };
  return new Response(JSON.stringify(body), { ...more, headers });
}

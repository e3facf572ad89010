/** Whose tick it is: the guard and the functions read the same answer out of the same file. */

/** From `effective_at` on, `percent` of the ticks are Inngest's, where `owner` names nobody else. */
export type Epoch = { effective_at: string; percent: number; owner?: unknown };
export type Units = Record<string, Epoch[]>;
export type Ownership = { version: number; jobs?: Units; flows?: Units };

/** Returns the file in force, null for none, and for how many seconds this process has held it. */
export type Source = () => Held | Promise<Held>;
export type Held = { ownership: Ownership | null; held: number };

/** Return what holds the file that is built in. Where it is of another version, the build fails. */
export function builtIn(ownership: Ownership): Source {
  if (ownership.version !== 1) throw new Error("ownership: not version 1");
  const since = Date.now();
  return () => ({ ownership, held: Math.round((Date.now() - since) / 1000) });
}

export type Job = {
  id: string;
  path: string;
  schedule: string;
  ownership: Source;
  secret?: string;
  headers?: Record<string, string>;
  /** Return the error of an answer that may say when to try again. */
  failure?: (message: string, headers: Headers) => Error;
};

/** Return why a side is not to act on a job's tick, if it is not. */
export async function skipReason(side: string, job: Job, tick: Date) {
  const { ownership } = await job.ownership();
  if (!ownership) return null;
  const key = `${job.id}\n${tickText(tick)}`;
  const owner = await ownerOf(ownership.jobs?.[job.id], key, tick);
  return owner === side || owner === "both" ? null : `owner ${owner}`;
}

/** Return who acts at a time, by the epochs of a job or a flow; `key` is it and its tick, or user. */
export async function ownerOf(epochs: Epoch[] = [], key: string, at: Date) {
  const begins = (epoch: Epoch) => Date.parse(epoch?.effective_at) <= +at;
  const begun = [epochs].flat().filter(begins);
  const { owner, percent = 0 } = begun[begun.length - 1] ?? {};
  if (owner === "nobody") return owner;
  const inngests = owner === "both" ? owner : "inngest";
  return (await bucket(key)) < percent * 100 ? inngests : "vercel";
}

/** Return the bucket of a key, 0 to 9999: the same in every language. */
export async function bucket(key: string): Promise<number> {
  const digest = (await sha256(key)).slice(0, 8);
  return digest.reduce((rest, byte) => (rest * 256 + byte) % 10_000, 0);
}

/** Return what answers OPTIONS: `cronshift status --live`, which has the bearer, is told the file. */
export function telling(source: Source, secret?: string) {
  return async ({ headers }: Request): Promise<Response> => {
    const isAsked = headers.get("x-cronshift-tell") === "ownership";
    const isTold = isAsked && (await hasBearer(headers, secret));
    if (isTold) return new Response(JSON.stringify(await source()));
    const allow = "GET, POST, PUT, OPTIONS";
    return new Response(null, { status: 204, headers: { allow } });
  };
}

/** Return whether the caller knows the secret; never, when none is set. */
export async function hasBearer(headers: Headers, variable = "CRON_SECRET") {
  const secret = process.env[variable];
  const sent = await sha256(headers.get("authorization") ?? "");
  const right = await sha256(`Bearer ${secret}`);
  return !!secret && sent.join() === right.join();
}

export async function sha256(text: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Return `2026-11-24T12:00:00Z`, as both sides write a tick. */
export function tickText(tick: Date): string {
  return tick.toISOString().replace(/\.\d+Z$/, "Z");
}

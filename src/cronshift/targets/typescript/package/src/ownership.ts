/** Whose tick it is: the guard and the functions work the same answer out from the same file. */

/** From `effective_at` on, `percent` of the ticks are Inngest's, where `owner` names nobody else. */
export type Epoch = {
  effective_at: string;
  percent: number;
  operation: string;
  owner?: string | undefined;
};

export type Units = Record<string, Epoch[]>;

/** What cronshift wrote into `cronshift.ownership.json`, and has checked. */
export type Ownership = { version: number; jobs?: Units; flows?: Units };

/** What is in force, since when in this process, and what was before. */
export type Held = {
  ownership: Ownership | null;
  since: number;
  before?: Ownership | undefined;
  /** Seconds since an address was read; null while what is built in stands in for it. */
  age?: number | null;
};

/** The file that is built in, or what reads the one that is in force. */
export type Source = Ownership | (() => Promise<Held>);

const START = Date.now();

/** Return what is in force; of a file of another version nothing is, and every tick runs. */
export async function held(source: Source): Promise<Held> {
  if (typeof source === "function") return source();
  if (["", "_URL"].some((end) => process.env[`CRONSHIFT_OWNERSHIP${end}`])) {
    console.warn('cronshift.toml lacks ownership = "environment".');
  }
  if (source.version === 1) return { ownership: source, since: START };
  console.warn("cronshift.ownership.json is not version 1: every tick runs.");
  return { ownership: null, since: START };
}

/** Return why a side is not to act on a job's tick, if it is not. */
export async function skipReason(
  side: "inngest" | "vercel",
  job: string,
  tick: Date,
  source: Source,
): Promise<string | null> {
  const { ownership } = await held(source);
  if (!ownership) return null;
  const owner = await ownerOf(ownership.jobs, job, tickText(tick), tick);
  return owner === side || owner === "both" ? null : `owner ${owner}`;
}

/** Return who acts on a job's tick, or serves a flow's user: `key` is which one of the unit. */
export async function ownerOf(
  units: Units | undefined,
  unit: string,
  key: string,
  at: Date,
): Promise<"inngest" | "vercel" | "both" | "nobody"> {
  const epochs = new Map(Object.entries(units ?? {})).get(unit) ?? [];
  const begun = [epochs]
    .flat()
    .filter((epoch) => Date.parse(epoch.effective_at) <= at.getTime());
  const epoch = begun[begun.length - 1];
  if (epoch?.owner === "nobody") return "nobody";
  const isInngests = (await bucket(unit, key)) < (epoch?.percent ?? 0) * 100;
  if (!isInngests) return "vercel";
  return epoch?.owner === "both" ? "both" : "inngest";
}

/** Return the bucket, 0 to 9999, of a job's tick or a flow's user: the same in every language. */
export async function bucket(unit: string, key: string): Promise<number> {
  const digest = await sha256(`${unit}\n${key}`);
  return digest
    .slice(0, 8)
    .reduce((rest, byte) => (rest * 256 + byte) % 10_000, 0);
}

/** Return `2026-11-24T12:00:00Z`, as both sides write a tick. */
export function tickText(tick: Date): string {
  return tick.toISOString().replace(/\.\d+Z$/, "Z");
}

export async function sha256(text: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

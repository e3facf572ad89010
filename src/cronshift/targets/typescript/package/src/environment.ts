/**
 * The ownership file where the environment says what stands in for the one that is built in.
 *
 * `CRONSHIFT_OWNERSHIP` is its text, else `CRONSHIFT_OWNERSHIP_URL` its address (read over HTTP, kept
 * for ten seconds), on both sides or on none. When the address cannot be read, what was read last
 * goes on for `CRONSHIFT_OWNERSHIP_MAX_AGE` (24h); then, or where nothing was read yet, the file
 * that is built in.
 */
import { isTheApp } from "./own-address";
import type { Held, Ownership } from "./ownership";
import { bypassHeaders } from "./protection";
import { parse } from "./reading";

const LIFE = 10_000; // milliseconds
const PATIENCE = 2_000; // milliseconds
const MAX_AGE = 86_400_000; // milliseconds
const MAX_BYTES = 5_000_000;
let read: { url: string; at: number; ownership: Ownership } | undefined;
let reading: { url: string; until: number; done: Promise<void> } | undefined;

/** Since when this process goes by the file that it holds, and which it held before. */
let taken:
  | { text: string; at: number; ownership: Ownership; before?: Ownership }
  | undefined;

/** What was held before, and the seconds since an address was read: null while the built-in file stands in. */
type HeldSince = Held & { before?: Ownership; age?: number | null };

/** Return what reads the file that is in force; it is null when none can be read, which is logged. */
export function fromEnvironment(built: unknown): () => Promise<HeldSince> {
  return async () => {
    const { ownership, readAt } = await inForce(built);
    const text = JSON.stringify(ownership);
    if (ownership && taken?.text !== text) {
      const before = taken ? { before: taken.ownership } : {};
      taken = { text, at: Date.now(), ownership, ...before };
    }
    const inline = process.env["CRONSHIFT_OWNERSHIP"];
    const isAfar = !inline && !!process.env["CRONSHIFT_OWNERSHIP_URL"];
    const seconds = readAt && Math.round((Date.now() - readAt) / 1000);
    return {
      ownership,
      held: Math.round((Date.now() - (taken?.at ?? Date.now())) / 1000),
      ...(taken?.before ? { before: taken.before } : {}),
      ...(isAfar ? { age: seconds ?? null } : {}),
    };
  };
}

async function inForce(
  built: unknown,
): Promise<{ ownership: Ownership | null; readAt?: number }> {
  const inline = process.env["CRONSHIFT_OWNERSHIP"];
  const url = process.env["CRONSHIFT_OWNERSHIP_URL"];
  try {
    if (inline) return { ownership: parse(JSON.parse(inline)) };
  } catch (error) {
    warn(error, "The file that is built in goes on");
  }
  if (!inline && url) {
    if (reading?.url !== url || Date.now() >= reading.until) {
      reading = { url, until: Date.now() + LIFE, done: refresh(url) };
    }
    await reading.done;
    if (read?.url === url && Date.now() - read.at <= maxAge()) {
      return { ownership: read.ownership, readAt: read.at };
    }
  }
  try {
    return { ownership: parse(built) };
  } catch (error) {
    warn(error, "Ticks run here, maybe on both sides; users keep the old path");
    return { ownership: null };
  }
}

function warn(error: unknown, consequence: string): void {
  const why = error instanceof Error ? error.message : "it cannot be read";
  console.warn(`cronshift.ownership.json: ${why}. ${consequence}.`);
}

async function refresh(url: string): Promise<void> {
  try {
    const ownership = parse(JSON.parse(await download(url)));
    read = { url, at: Date.now(), ownership };
  } catch (error) {
    warn(error, "What was read last, or else is built in, goes on");
  }
}

/** Return the text behind an address, all of it within the patience and the size. */
async function download(url: string): Promise<string> {
  // Neither the address, which may hold a token, nor an error that repeats it is told.
  const signal = AbortSignal.timeout(PATIENCE);
  const options = { cache: "no-store", signal } as const;
  const bypass = isTheApp(url) ? bypassHeaders() : {};
  const once = { ...options, headers: bypass, redirect: "manual" } as const;
  let answer = await fetch(url, once).catch(() => null);
  const elsewhere = answer?.headers.get("location");
  if (elsewhere) {
    // Followed without the secret, which is nobody else's.
    const target = new URL(elsewhere, url);
    answer = await fetch(target, options).catch(() => null);
  }
  if (!answer?.ok) {
    const status = answer?.status ?? "nothing";
    throw new Error(`CRONSHIFT_OWNERSHIP_URL answered ${status}`);
  }
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  let size = 0;
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (!chunk || chunk.done) return text + decoder.decode();
      size += chunk.value.length;
      if (size > MAX_BYTES) break;
      text += decoder.decode(chunk.value, { stream: true });
    }
  } catch {
    throw new Error("CRONSHIFT_OWNERSHIP_URL did not answer with text in time");
  }
  await reader?.cancel();
  throw new Error("CRONSHIFT_OWNERSHIP_URL answered too much");
}

/** Return for how long what was read last goes on, in milliseconds: `24h`, `1h30m`, `90s`. */
function maxAge(): number {
  const text = process.env["CRONSHIFT_OWNERSHIP_MAX_AGE"] ?? "";
  const parts =
    /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text);
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = (parts ?? []).map(
    (part) => Number(part ?? 0),
  );
  const age = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
  return age ? age * 1000 : MAX_AGE;
}

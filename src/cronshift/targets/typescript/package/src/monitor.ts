/**
 * The telling of how runs go, to the monitor whose address a variable holds. How that goes can neither fail
 * a run nor hold its work.
 */
type Signal = "start" | "success" | "fail";

const PATIENCE = { start: 2_000, success: 10_000, fail: 10_000 }; // milliseconds
const TRIES = 3;
const EARLY = 1_000; // the engine may let a run begin so long before its minute
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const STATUS = { start: "in_progress", success: "ok", fail: "error" };

/** Tell a monitor that a run begins, has succeeded, or has failed for good. */
export async function tellMonitor(
  variable: string,
  signal: Signal,
  runId: string,
): Promise<string> {
  const address = process.env[variable];
  if (!address) return `${variable} is not set`;
  try {
    const request = await requestOf(address, signal, runId);
    if (!request) return "not told";
    // Told before its minute, a success would count for the tick before.
    const early = 60_000 - (Date.now() % 60_000);
    if (signal === "success" && early <= EARLY) {
      await new Promise((done) => setTimeout(done, early));
    }
    return await send(...request, PATIENCE[signal]);
  } catch (error) {
    // The address is a secret, and errors repeat it: only their kind is told.
    return `failed: ${error instanceof Error ? error.name : "unknown"}`;
  }
}

/** Return the request that tells a signal, by the receiver that the address means. */
async function requestOf(
  address: string,
  signal: Signal,
  runId: string,
): Promise<[URL, string | undefined] | undefined> {
  const url = new URL(address);
  const joint = runId && (await correlation(runId));
  const seconds = signal === "start" ? NaN : secondsSince(runId);
  if (/^\/api\/[^/]+\/cron\/[^/]+\/[^/]+\/?$/.test(url.pathname)) {
    url.searchParams.set("status", STATUS[signal]);
    if (joint) url.searchParams.set("check_in_id", joint);
    if (seconds >= 0) url.searchParams.set("duration", seconds.toFixed(3));
    return [url, undefined];
  }
  const tells =
    url.hostname === "hc-ping.com" ||
    /^\/ping\/[^/]+(\/[^/]+)?\/?$/.test(url.pathname);
  if (signal === "start" && !tells) return undefined;
  if (signal !== "success") {
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/${signal}`;
  }
  if (!tells) return [url, undefined];
  if (joint) url.searchParams.set("rid", joint);
  const took = `, ${seconds.toFixed(1)} s since it was queued`;
  return [url, `run ${runId}${seconds >= 0 ? took : ""}`];
}

async function send(
  url: URL,
  body: string | undefined,
  patience: number,
): Promise<string> {
  const signal = AbortSignal.timeout(patience);
  const method = body === undefined ? "GET" : "POST";
  const content = body === undefined ? {} : { body };
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      const request = {
        method,
        ...content,
        signal,
        cache: "no-store",
      } as const;
      const answer = await fetch(url, request);
      await answer.body?.cancel();
      if (answer.status < 500 || left === 0) {
        return `sent, answered ${answer.status}`;
      }
    } catch (error) {
      if (left === 0 || signal.aborted) throw error;
    }
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Return the id that joins the pings of a run: receivers take a UUID. */
async function correlation(runId: string): Promise<string> {
  const text = new TextEncoder().encode(runId);
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  const hex = Array.from(bytes.slice(0, 16), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Return the seconds since a run was queued, which its id (a ULID) tells; NaN for another id. */
function secondsSince(runId: string): number {
  if (runId.length !== 26) return NaN;
  const places = Array.from(runId.slice(0, 10), (one) => DIGITS.indexOf(one));
  if (places.includes(-1)) return NaN;
  const queued = places.reduce((sum, place) => sum * DIGITS.length + place, 0);
  return Math.max(0, (Date.now() - queued) / 1000);
}

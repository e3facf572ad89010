/**
 * Tells what becomes of ticks where `CRONSHIFT_LEDGER_URL` says: an address that takes records from who
 * has the bearer, or `inngest`, as events. No job waits for it or fails for it; what cannot be kept is
 * counted and dropped.
 */
import {
  type Delivery,
  held,
  type Outcome,
  ownerOf,
  type Source,
  tickText,
  type Witness,
} from "./ownership";
import { digestOf } from "./telling";

const MOST = 100; // records on their way at once
const PATIENCE = 5_000; // milliseconds
const NUMBERS = 32;
const DEEPEST = 4;
let underWay = 0;
let dropped = 0;

/** Return who bears witness; `secret` names the variable of the bearer. */
export function ledger(source: Source, secret = "CRON_SECRET"): Witness {
  return (delivery, outcome) => {
    if (!process.env["CRONSHIFT_LEDGER_URL"]) return;
    if (underWay >= MOST) {
      dropped += 1;
      return;
    }
    underWay += 1;
    const now = new Date().toISOString();
    const sent = recordOf(source, delivery, outcome, now)
      .then((record) => send("ticks", record, secret))
      .catch((error: unknown) => {
        dropped += 1;
        const kind = error instanceof Error ? error.name : "unknown";
        console.warn(
          `CRONSHIFT_LEDGER_URL: ${dropped} records dropped (${kind})`,
        );
      })
      .finally(() => {
        underWay -= 1;
      });
    platform()?.waitUntil?.(sent);
  };
}

/** Return what Vercel gives a function to go on with behind its answer. */
function platform():
  { waitUntil?: (work: Promise<unknown>) => void } | undefined {
  const key = Symbol.for("@vercel/request-context");
  const context = (globalThis as Record<symbol, unknown>)[key];
  return (
    context as { get?: () => ReturnType<typeof platform> } | undefined
  )?.get?.();
}

async function recordOf(
  source: Source,
  { side, job, tick, runId, arrived }: Delivery,
  { status, reason, answer, error }: Outcome,
  now: string,
): Promise<object> {
  const { ownership } = await held(source);
  const owner = ownership
    ? await ownerOf(ownership.jobs, job, tickText(tick), tick)
    : "";
  const hasActed = status !== "skipped";
  const hasEnded = status === "completed" || status === "failed";
  return {
    job,
    tick: tickText(tick),
    side,
    owner,
    role: hasActed ? "acted" : "stood by",
    arrived: arrived.toISOString(),
    started: hasActed ? arrived.toISOString() : null,
    ended: hasEnded ? now : null,
    status,
    attempts: hasActed ? 1 : 0,
    error_class: error === undefined ? null : nameOf(error),
    http_status: answer?.status ?? null,
    ...(await measured(answer?.content, answer?.isJson)),
    run_id: runId,
    deployment:
      process.env["CRONSHIFT_DEPLOYMENT"] ??
      process.env["VERCEL_DEPLOYMENT_ID"] ??
      null,
    ownership_digest: ownership && (await digestOf(ownership)),
    seen: reason ? { reason } : {},
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

async function measured(
  content?: Uint8Array | Promise<ArrayBuffer>,
  isJson = false,
): Promise<object> {
  if (!content) return {};
  const bytes = new Uint8Array(await content);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0"));
  const numbers = isJson ? [...numbersOf(parsed(bytes), [])] : [];
  return {
    size: bytes.length,
    digest: hex.join("").slice(0, 16),
    numbers: Object.fromEntries(numbers.slice(0, NUMBERS)),
  };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return null;
  }
}

/** Yield the numbers of objects within objects; those of lists have no name that lasts. */
function* numbersOf(
  value: unknown,
  path: string[],
): Generator<[string, number]> {
  if (typeof value === "number" && Number.isFinite(value)) {
    yield [path.join(".").slice(0, 64), value];
  } else if (value && typeof value === "object" && !Array.isArray(value)) {
    if (path.length >= DEEPEST) return;
    for (const [name, inner] of Object.entries(value)) {
      yield* numbersOf(inner, [...path, name]);
    }
  }
}

/** Send a record of a tick, or of a dead run, and return how that went; throws where it is not taken. */
export async function send(
  kind: "ticks" | "dead-letter",
  record: object,
  secret = "CRON_SECRET",
): Promise<string> {
  const url = process.env["CRONSHIFT_LEDGER_URL"];
  if (!url) return "no ledger is set";
  const isEvents = url === "inngest";
  const isTick = kind === "ticks";
  const name = `cronshift/${isTick ? "tick.seen" : "run.dead"}`;
  const answer = await fetch(isEvents ? eventUrl() : url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(isEvents
        ? {}
        : {
            authorization: `Bearer ${process.env[secret] ?? ""}`,
            "x-cronshift-tell": kind,
          }),
    },
    body: JSON.stringify(
      isEvents ? { name, data: record } : isTick ? [record] : record,
    ),
    redirect: "manual",
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return "kept";
}

/** Return where events go, as the SDK would choose it. */
function eventUrl(): string {
  const dev = process.env["INNGEST_DEV"] ?? "";
  const isDev = !["", "0", "false"].includes(dev.toLowerCase());
  const server = dev.includes("://") ? dev : "http://127.0.0.1:8288";
  const base =
    process.env["INNGEST_EVENT_API_BASE_URL"] ??
    process.env["INNGEST_BASE_URL"] ??
    (isDev ? server : "https://inn.gs");
  const key = process.env["INNGEST_EVENT_KEY"] || "no-key-in-dev";
  return `${base.replace(/\/+$/, "")}/e/${encodeURIComponent(key)}`;
}

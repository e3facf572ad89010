/** What a function sees of the other side while the tick is not its own, at no cost. */
import type { Call } from "./calls";
import { digestOf } from "./digest";
import type { Job, Ownership } from "./ownership";
import { bypassHeaders } from "./protection";

const PATIENCE = 5_000; // milliseconds

/** A job, and what the ledger is told by. */
export type ToldJob = Job & {
  heartbeat?: string;
  rehearsal?: { dryRun: string; ignore: string[] };
  /** The path that answers Vercel's calls, of which a function asks what it holds. */
  guard?: string;
};

type Told = { ownership?: Ownership | string | null };

/**
 * Return which variables are missing, what came of asking the app which file it holds, with the bearer,
 * and whether that is the same as here.
 */
export async function look({ job }: Call): Promise<Record<string, string>> {
  const { secret: variable = "CRON_SECRET", guard, heartbeat }: ToldJob = job;
  const names = [variable, ...(heartbeat ? [heartbeat] : [])];
  const missing = names.filter((name) => !process.env[name]).join(", ");
  const secret = process.env[variable];
  const host = process.env["VERCEL_PROJECT_PRODUCTION_URL"];
  const base =
    process.env["CRONSHIFT_BASE_URL"] ?? (host ? `https://${host}` : "");
  const seen: Record<string, string> = missing ? { missing } : {};
  if (!base || !secret || !guard) return seen;
  const address = base.replace(/\/+$/, "") + guard;
  try {
    const answer = await fetch(address, {
      method: "OPTIONS",
      headers: {
        authorization: `Bearer ${secret}`,
        "x-cronshift-tell": "ownership",
        ...bypassHeaders(),
      },
      ...({ redirect: "manual", cache: "no-store" } as const),
      signal: AbortSignal.timeout(PATIENCE),
    });
    return { ...seen, ...(await judged(job, answer)) };
  } catch {
    return { ...seen, app: "did-not-answer" };
  }
}

async function judged(
  job: Call["job"],
  answer: Response,
): Promise<Record<string, string>> {
  const text = await answer.text();
  const { ownership: there } = told(text);
  if (there === null) return { app: "no-file" };
  if (there === undefined) return { app: withoutFile(answer, text) };
  const { ownership: here } = await job.ownership();
  const digest = typeof there === "string" ? there : await digestOf(there);
  const isSame = here !== null && digest === (await digestOf(here));
  return { app: "file", file: isSame ? "same" : "another" };
}

function told(text: string): Told {
  try {
    return Object(JSON.parse(text)) as Told;
  } catch {
    return {};
  }
}

/** Return why an answer names no file: a login stands before it, it knows another secret, or nobody tells. */
function withoutFile({ status, headers }: Response, text: string): string {
  const isPage = !!headers.get("content-type")?.includes("text/html");
  const isLogin = isPage && /vercel/i.test(text) && [401, 403].includes(status);
  const isSent = 300 <= status && status < 400;
  if (isLogin || isSent) return "protected";
  const allowed = headers.get("allow") ?? "";
  const isOurs = status === 204 && allowed.includes("PUT");
  if (isOurs || [401, 403].includes(status)) return "wrong-secret";
  return status >= 500 ? "did-not-answer" : "no-guard";
}

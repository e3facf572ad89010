/**
 * Claims at the address in `CRONSHIFT_CLAIMS_URL`, where a worker has their database: for an app that has
 * none, and for the Edge, where no driver runs.
 */
import type { Claims } from "./claims";
import { isTheApp } from "./own-address";
import { tickText } from "./ownership";
import { bypassHeaders } from "./protection";

const PATIENCE = 5_000; // milliseconds: a job waits for it

/** Return the claims at the address; each is asked for with the bearer, and asked twice has one answer. */
export function claimsAfar(variable = "CRON_SECRET"): Claims {
  const ask = async (verb: string, job: string, tick: Date, holder: string) => {
    const url = process.env["CRONSHIFT_CLAIMS_URL"] ?? "";
    if (!/^https?:\/\//.test(url)) throw new Error("no address of claims");
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${process.env[variable] ?? ""}`,
        "x-cronshift-tell": "claim",
        ...(isTheApp(url) ? bypassHeaders() : {}),
      },
      body: JSON.stringify({ do: verb, job, tick: tickText(tick), holder }),
      ...({ redirect: "manual", cache: "no-store" } as const),
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    const { answer } = Object(await response.json()) as { answer?: unknown };
    if (typeof answer !== "boolean") throw new Error("not as claims answer");
    return answer;
  };
  return {
    take: (job, tick, holder) => ask("take", job, tick, holder),
    finish: async (job, tick, holder) => {
      await ask("finish", job, tick, holder);
    },
    release: async (job, tick, holder) => {
      await ask("release", job, tick, holder);
    },
  };
}

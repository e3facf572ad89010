/** Keeps a letter of every run that failed for good or was cancelled, where the ledger is. */
import { callOf } from "./calls";
import { messageOf } from "./failures";
import { send } from "./ledger";
import type { Job } from "./ownership";

const QUOTED = 500; // characters of an error
const UNPRINTED = new RegExp("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\s]", "gu");

type Ended = { run_id?: string; event?: unknown };
type Began = { name?: string; id?: string; ts?: number; data?: unknown };

/** Keep the letter of a run and return how that went; nothing is thrown. */
export async function bury(
  job: { id: string },
  ended: unknown,
  error: unknown,
  status: "failed" | "cancelled" = "failed",
): Promise<string> {
  const { run_id = "", event } = Object(ended) as Ended;
  const began = Object(event) as Began;
  const by = (Object(began.data) as { cronshift?: string }).cronshift;
  if (by === "run") return "a run by hand";
  const isTick = began.name === "inngest/scheduled.timer" || by === "replay";
  const { tick } = callOf(job as Job, began, run_id);
  const name = error instanceof Error ? `${error.name}: ` : "";
  const letter = {
    run_id,
    job: job.id,
    status,
    tick: isTick ? tick.toISOString() : null,
    event: began.name ?? "",
    event_id: began.id ?? "",
    error: line(name + messageOf(error)),
    died: new Date().toISOString(),
  };
  try {
    return await send("dead-letter", letter);
  } catch (failure) {
    const kind = failure instanceof Error ? failure.name : "unknown";
    console.warn(`${job.id}: no dead letter was kept: ${kind}`);
    return `not kept: ${kind}`;
  }
}

/** Return an error on one line, cut, without what may be a secret in the addresses that it quotes. */
function line(text: string): string {
  return text
    .replace(/(\w:\/\/)[^\s/"'<>]*@/g, "$1***@")
    .replace(/(\w:\/\/[^\s?"'<>]+\?)[^\s"'<>]+/g, "$1***")
    .replace(UNPRINTED, " ")
    .slice(0, QUOTED);
}

/** Fan-outs over rows that a function of the app returns at every run. */
import { NonRetriableError } from "inngest";

import type { Call } from "./calls";
import type { Job } from "./ownership";

const MOST_STEPS = 990; // of a run, besides its own
const BATCH = 500; // events that one step sends

/** Return what tells rows apart, each once: the rows themselves, or what they have under a key. */
export function valuesOf(rows: unknown, key?: string): string[] {
  if (!Array.isArray(rows)) throw new NonRetriableError("it gave no list");
  const fieldOf = (row: unknown, name: string) =>
    (Object(row) as Record<string, unknown>)[name];
  const values: unknown[] = key ? rows.map((row) => fieldOf(row, key)) : rows;
  const kinds = ["string", "number", "bigint"];
  const odd = values.findIndex((value) => !kinds.includes(typeof value));
  if (odd < 0) return Array.from(new Set(values.map(String)));
  throw new NonRetriableError(`row ${odd} has no ${key ?? "text or number"}`);
}

/** Return values for which a run can have a step each. */
export function inSteps(values: string[]): string[] {
  if (values.length <= MOST_STEPS) return values;
  throw new NonRetriableError(
    `${values.length} rows are more than the steps of a run: cronshift.toml can say mode = "runs"`,
  );
}

type Sent = { id: string; name: string; data: Record<string, string> };

/** Return an event for every value, a step's worth at a time; the same run sends each but once. */
export function eventsOf(call: Call, name: string, values: string[]): Sent[][] {
  const scheduledAt = call.tick.toISOString();
  const byHand: Sent["data"] = call.isScheduled ? {} : { cronshift: "run" };
  const events = values.map((value): Sent => ({
    id: `${call.runId} ${value}`,
    name,
    data: { value, scheduledAt, ...byHand },
  }));
  const steps = Math.ceil(events.length / BATCH);
  return Array.from({ length: steps }, (_, at) =>
    events.slice(at * BATCH, (at + 1) * BATCH),
  );
}

/** Return the value that a row's own run is for. */
export function rowOf(event: { data?: unknown }): string {
  const { value } = Object(event.data) as { value?: unknown };
  if (typeof value === "string") return value;
  throw new NonRetriableError("the event has no value");
}

/** Return the job by the name of one row, which its failure is told with. */
export function ofRow<Named extends Pick<Job, "id">>(
  job: Named,
  name: string,
  event: { data?: unknown },
): Named {
  return { ...job, id: `${job.id} ${name}=${rowOf(event)}` };
}

/** Ticks that come late, behind an outage of the engine: which of them a job makes up for. */
import { type Call, due } from "./calls";
import { type Source, tickText } from "./ownership";
import { around, type Due } from "./ticks";

/** `latest` passes a tick over once a later one has come due, `none` one that is late, too. */
export type Missed = { policy: "latest" | "none"; due: Due };

const LATE = 900_000; // milliseconds

/** Return why a run is not to do its work, if it is not, or is too late to. */
export async function dueInTime(
  call: Call,
  source: Source,
  missed: Missed,
): Promise<string | null> {
  const reason = await due(call, source);
  return reason ?? passedOver(call, missed, new Date());
}

/** Return that a tick is not made up for, if it is not. */
export function passedOver(
  { isScheduled, tick }: Call,
  { policy, due }: Missed,
  now: Date,
): string | null {
  const isLate = policy === "none" && now.getTime() - tick.getTime() > LATE;
  const [newest] = around(due, now);
  const isPassed = isLate || (newest && newest.getTime() > tick.getTime());
  return isScheduled && isPassed ? `missed: due ${tickText(tick)}` : null;
}

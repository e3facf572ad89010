/** Ticks that could not start for so long that they are skipped. */
import type { Call } from "./calls";
import { tickText } from "./ownership";

/** Return why a run is not to do its work, if it is not, or comes more than so many milliseconds late. */
export async function fresh(
  call: Call,
  staleAfter: number,
  reason: Promise<string | null>,
): Promise<string | null> {
  const { isScheduled, tick } = call;
  const isStale = isScheduled && Date.now() - tick.getTime() > staleAfter;
  return (await reason) ?? (isStale ? `stale: due ${tickText(tick)}` : null);
}

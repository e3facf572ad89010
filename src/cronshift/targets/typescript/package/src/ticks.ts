/** The ticks of schedules that are not evenly spaced. */
import { tickBetween } from "./guard";

/** What is due, in UTC: `*`, or numbers, ranges and steps such as `0,15,30-45` or `0-50/10`. */
export type Due = {
  minutes: string;
  hours: string;
  days: string;
  months: string;
  /** 0 is Sunday. */
  weekdays: string;
  /** Whether one of days and weekdays is enough. */
  eitherDay?: boolean;
};

const MINUTE = 60_000;
const DAYS_BACK = 4096;
const YEARS_AHEAD = 5;

/** Return what tells the tick of a call, which Vercel may make `late` by so many milliseconds. */
export function scheduled(late: number, due: Due) {
  return (now: Date): Date | null => {
    const [newest, following] = around(due, now);
    if (newest && following) {
      return tickBetween(newest.getTime(), following.getTime(), late, now);
    }
    const isClose = following && following.getTime() - now.getTime() <= MINUTE;
    return newest ?? (isClose ? following : null);
  };
}

/** Return the newest tick not after `now`, and the next one. */
export function around(due: Due, now: Date): [Date | null, Date | null] {
  const at = new Date(now);
  at.setUTCSeconds(0, 0);
  const first = new Date(at);
  first.setUTCHours(0, 0);
  first.setUTCDate(first.getUTCDate() - DAYS_BACK + 1);
  const end = Date.UTC(at.getUTCFullYear() + YEARS_AHEAD + 1, 0);
  const last = new Date(end - MINUTE);
  const following = new Date(at.getTime() + MINUTE);
  return [nearest(due, at, first, -1), nearest(due, following, last, 1)];
}

/** Return the due minute that is nearest to `from`, on the way to `until`. */
function nearest(due: Due, from: Date, until: Date, way: 1 | -1): Date | null {
  const at = new Date(from);
  while (way * (until.getTime() - at.getTime()) >= 0) {
    if (!isDated(due, at)) {
      at.setUTCHours(way > 0 ? 24 : 0, way > 0 ? 0 : -1);
    } else if (
      holds(due.hours, at.getUTCHours()) &&
      holds(due.minutes, at.getUTCMinutes())
    ) {
      return at;
    } else {
      at.setUTCMinutes(at.getUTCMinutes() + way);
    }
  }
  return null;
}

function isDated(due: Due, at: Date): boolean {
  const byMonth = holds(due.days, at.getUTCDate());
  const byWeek = holds(due.weekdays, at.getUTCDay());
  const isDay = due.eitherDay ? byMonth || byWeek : byMonth && byWeek;
  return isDay && holds(due.months, at.getUTCMonth() + 1);
}

function holds(field: string, value: number): boolean {
  if (field === "*") return true;
  return field.split(",").some((part) => {
    const [range = "", step = "1"] = part.split("/");
    const [from = NaN, last] = range.split("-").map(Number);
    const to = last ?? from;
    return from <= value && value <= to && (value - from) % Number(step) === 0;
  });
}

/** Answers that say when to try again. */
import { RetryAfterError } from "inngest";

const DAY = 86_400; // seconds: the engine waits no longer

/** Return the error of a failed answer, which waits as long as its `Retry-After` says. */
export function retryAfter(message: string, headers: Headers): Error {
  const seconds = secondsToWait(headers.get("retry-after")?.trim() ?? "");
  return Number.isNaN(seconds)
    ? new Error(message)
    : new RetryAfterError(message, seconds * 1000);
}

/** Return what a `Retry-After` asks for, between a second and a day; NaN where it is neither seconds nor a date. */
function secondsToWait(text: string): number {
  const date = new Date(text.slice(5));
  const isDate =
    /^[A-Z][a-z]{2}, /.test(text) &&
    date.toUTCString().slice(5) === text.slice(5); // a day that the month has
  const wait = isDate ? (date.getTime() - Date.now()) / 1000 : NaN;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.floor(wait);
  return Math.max(1, Math.min(DAY, seconds));
}

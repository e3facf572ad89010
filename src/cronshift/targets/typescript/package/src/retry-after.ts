/** Answers that say when to try again. */
import { RetryAfterError } from "inngest";

const DAY = 86_400; // seconds: the engine waits no longer

/** Return the error of a failed answer, which waits as long as its `Retry-After` says: seconds, or until a date. */
export function retryAfter(message: string, headers: Headers): Error {
  const text = headers.get("retry-after")?.trim() ?? "";
  const date = new Date(text.slice(5));
  const written = date.toUTCString().slice(4); // of a day that the month has
  const isDate = /^[A-Z][a-z]{2}, /.test(text) && text.slice(4) === written;
  if (!isDate && !/^\d+$/.test(text)) return new Error(message);
  const wait = isDate ? (date.getTime() - Date.now()) / 1000 : Number(text);
  const seconds = Math.max(1, Math.min(DAY, Math.floor(wait)));
  return new RetryAfterError(message, seconds * 1000);
}

/** Jobs that are done once for every value, each in a step with retries of its own. */
import { NonRetriableError } from "inngest";

import { type Call, messageOf } from "./calls";

/** Return the call with `name=value` behind the query it has. */
export function withParameter(call: Call, name: string, value: string): Call {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const [base = "", ...fragment] = call.path.split("#");
  const joint = base.includes("?") ? "&" : "?";
  const path = `${base}${joint}${encode(name)}=${encode(value)}`;
  return { ...call, path: [path, ...fragment].join("#") };
}

/** End a fan-out: throw when a value failed for good, after all others ran. */
export function together(
  name: string,
  values: string[],
  outcomes: PromiseSettledResult<unknown>[],
): { succeeded: number } {
  const failures = outcomes.flatMap((outcome, at) =>
    outcome.status === "rejected"
      ? [`${name}=${values[at]}: ${messageOf(outcome.reason)}`]
      : [],
  );
  if (failures.length) {
    const count = `${failures.length} of ${outcomes.length} failed.`;
    throw new NonRetriableError(`${count} ${failures.join("; ")}`);
  }
  return { succeeded: outcomes.length };
}

/** How one item of a session is processed. Yours to write; cronshift writes this file once. */
import { NonRetriableError } from "inngest";

import { predict } from "@/lib/predictions";
import type { Item, Limits } from "./session";

/** How the session function runs, in the SDK's own words: `retries`, `concurrency`, `throttle`. */
export const limits: Limits = {
  retries: 3,
  throttle: { limit: 60, period: "1m" },
};

/** Whether the items of a session are processed at the same time, or one behind the other. */
export const parallel: boolean = true;

/** Ask one model; what it answers is kept under the session and the model. */
export async function processItem(item: Item): Promise<void> {
  if (item.name === "broken-model")
    throw new NonRetriableError("the model is gone");
  await predict(item.sessionId, item.name);
}

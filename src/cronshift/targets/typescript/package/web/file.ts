/** The ownership file of an app that is started in its folder, where variables can stand in for it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Ownership } from "./ownership";

/** Return what the file says; where it cannot be read, what is of no version. */
export function fromFile(): Ownership {
  try {
    const path = join(process.cwd(), "cronshift.ownership.json");
    return JSON.parse(readFileSync(path, "utf8")) as Ownership;
  } catch (error) {
    console.warn(`cronshift.ownership.json cannot be read: ${String(error)}`);
    return { version: 0 };
  }
}

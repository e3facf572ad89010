/** The ownership file of an app that is started in its folder, and into which nothing is built. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Ownership } from "./ownership";

/** Return what the file says; where it cannot be read, what has every tick run. */
export function fromFile(): Ownership {
  try {
    const path = join(process.cwd(), "cronshift.ownership.json");
    return JSON.parse(readFileSync(path, "utf8")) as Ownership;
  } catch (error) {
    console.warn(`cronshift.ownership.json cannot be read: ${String(error)}`);
    return { version: 0 };
  }
}

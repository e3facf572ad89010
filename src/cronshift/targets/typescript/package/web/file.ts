/** The ownership file of an app that is started in its folder, and into which nothing is built. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { builtIn, type Ownership, type Source } from "./ownership";

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

/** Return what holds the file; where it cannot be read, every tick runs, and the app goes on. */
export function inFolder(): Source {
  const file = fromFile();
  if (file.version === 1) return builtIn(file);
  console.warn("cronshift.ownership.json is not version 1: every tick runs.");
  return () => ({ ownership: null, held: 0 });
}

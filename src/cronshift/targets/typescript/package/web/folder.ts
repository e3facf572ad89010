/** The ownership file of an app that is started in its folder, and into which nothing is built. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { builtIn, type Ownership, type Source } from "./ownership";

/** Return what holds the file; where it cannot be read, every tick runs, and the app goes on. */
export function inFolder(): Source {
  try {
    const path = join(process.cwd(), "cronshift.ownership.json");
    return builtIn(JSON.parse(readFileSync(path, "utf8")) as Ownership);
  } catch (error) {
    console.warn(`Every tick runs: ${String(error)}`);
    return () => ({ ownership: null, held: 0 });
  }
}

/** The digest by which the sides tell which ownership file they hold: of what it says alone. */
import { type Epoch, type Ownership, sha256, tickText } from "./ownership";

type Written = Epoch & { operation?: string };

export async function digestOf(from: Ownership): Promise<string> {
  const parts = [from.jobs, from.flows].map((units) =>
    Object.entries(units ?? {})
      .sort(([name], [other]) => (name < other ? -1 : 1))
      .map(([name, epochs]) => [
        name,
        epochs.map(({ effective_at, percent, operation, owner }: Written) => [
          tickText(new Date(effective_at)),
          Math.abs(percent), // -0 is 0
          operation,
          ...(owner ? [owner] : []),
        ]),
      ]),
  );
  const digest = Array.from(await sha256(JSON.stringify(parts)));
  const text = digest.map((byte) => byte.toString(16).padStart(2, "0"));
  return text.join("").slice(0, 16);
}

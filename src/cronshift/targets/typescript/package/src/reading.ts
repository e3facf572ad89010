/** An ownership file that no cronshift has checked: it is read as docs/ownership.md says, or refused. */
import { type Epoch, type Ownership, tickText, type Units } from "./ownership";

type Written = Epoch & { operation: string };

const INSTANT =
  /^(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** Return what an ownership document says; throws where it is not as it should be. */
export function parse(document: unknown): Ownership {
  if (!isObject(document) || document["version"] !== 1) {
    throw new Error("it is not version 1 of the ownership file");
  }
  refuseUnknownNames("it", document, ["version", "jobs", "flows"]);
  return {
    version: 1,
    jobs: unitsOf("jobs", document["jobs"]),
    flows: unitsOf("flows", document["flows"]),
  };
}

function unitsOf(place: string, value: unknown): Units {
  const units = Object.create(null) as Units;
  if (value === undefined) return units;
  if (!isObject(value)) throw new Error(`${place} is not an object`);
  for (const [name, epochs] of Object.entries(value)) {
    units[textOf(place, name)] = epochsOf(`${place}.${name}`, epochs);
  }
  return units;
}

function epochsOf(place: string, value: unknown): Epoch[] {
  if (!Array.isArray(value)) throw new Error(`${place} is not a list`);
  const isJob = place.startsWith("jobs.");
  const epochs = value.map((epoch, at) =>
    epochOf(`${place}[${at}]`, epoch, isJob),
  );
  const isOrdered = epochs.every(
    (epoch, at) =>
      at === 0 || epoch.effective_at > (epochs[at - 1]?.effective_at ?? ""),
  );
  if (!isOrdered) {
    throw new Error(`the epochs of ${place} are not strictly increasing`);
  }
  return epochs;
}

function epochOf(place: string, value: unknown, isJob: boolean): Written {
  if (!isObject(value)) throw new Error(`${place} is not an epoch`);
  const names = ["effective_at", "percent", "operation"];
  refuseUnknownNames(place, value, isJob ? [...names, "owner"] : names);
  return {
    effective_at: instantOf(`${place}.effective_at`, value["effective_at"]),
    percent: percentOf(`${place}.percent`, value["percent"]),
    operation: textOf(`${place}.operation`, value["operation"]),
    ...("owner" in value ? { owner: namedOf(place, value["owner"]) } : {}),
  };
}

/** Return an instant as both sides write it; its year is from 1 to 9999, here and in UTC. */
function instantOf(place: string, value: unknown): string {
  const parts = typeof value === "string" ? INSTANT.exec(value) : null;
  const [, local = "", sign, hours = "0", minutes = "0"] = parts ?? [];
  const written = Date.parse(`${local}Z`);
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  const at = new Date(written - (sign === "-" ? -offset : offset));
  const isDate =
    !Number.isNaN(written) && tickText(new Date(written)) === `${local}Z`;
  const inRange = (text: string) => /^\d{4}-/.test(text) && text >= "0001";
  if (!isDate || !inRange(local) || !inRange(tickText(at))) {
    throw new Error(`${place} is not an instant like 2026-11-24T12:00:00Z`);
  }
  return tickText(at);
}

function percentOf(place: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value)) {
    if (value >= 0 && value <= 100) return Math.abs(value); // -0 is 0
  }
  throw new Error(`${place} is not a whole number from 0 to 100`);
}

function textOf(place: string, value: unknown): string {
  const halfOfAPair =
    /[\ud800-\udbff](?![\udc00-\udfff])|(?:^|[^\ud800-\udbff])[\udc00-\udfff]/;
  if (typeof value === "string" && !halfOfAPair.test(value)) return value;
  throw new Error(`${place} is not Unicode text`);
}

function namedOf(place: string, value: unknown): "both" | "nobody" {
  if (value === "both" || value === "nobody") return value;
  throw new Error(`${place}.owner is neither "both" nor "nobody"`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refuse what a later version may mean by a name: going by the rest would be a guess. */
function refuseUnknownNames(
  place: string,
  value: object,
  names: string[],
): void {
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(
      `${place} has a name that version 1 does not know: ${JSON.stringify(unknown)}`,
    );
  }
}

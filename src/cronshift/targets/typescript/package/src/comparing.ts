/** The tokens that two answers to one tick are compared by: the same in Python, to the letter. */
import { sha256 } from "./ownership";

const PREFIX = "answer ";
const MOST = 60; // values of an answer that have a token of their own
const LONGEST = 80; // characters of a path
const DIGITS = ":digits";
const UNPRINTED = new RegExp("[\\p{C}\\p{Z}]", "u");

type Pattern = { names: string[]; cleans: boolean };

/**
 * Return a token for each value of an answer, by its path; of what is no JSON, one for the text.
 *
 * `ignore` names paths whose values are left out with all below, `*` is any name; behind one that ends
 * with `:digits` only the digits are.
 */
export async function answerTokens(
  text: string,
  ignore: string[] = [],
): Promise<Record<string, string>> {
  const patterns = ignore.map((pattern) => {
    const cleans = pattern.endsWith(DIGITS);
    const path = cleans ? pattern.slice(0, -DIGITS.length) : pattern;
    return { names: path.split("."), cleans };
  });
  const found = valuesOf(parsed(text), [], patterns);
  const tokens = await Promise.all(
    found.map(async ([path, value]) => [spelled(path), await token(value)]),
  );
  tokens.sort(([one = "", a = ""], [other = "", b = ""]) =>
    one === other ? order(a, b) : order(one, other),
  );
  const named = tokens.slice(0, MOST);
  const rest = tokens.slice(MOST).map(([, each]) => each);
  if (rest.length) named.push(["…", await hash(rest.join(""))]);
  return Object.fromEntries(
    named.map(([path, each]) => [`${PREFIX}${path}`, each]),
  ) as Record<string, string>;
}

/** Compare texts by their characters' numbers, as Python does. */
function order(one: string, other: string): number {
  const [a, b] = [Array.from(one), Array.from(other)];
  const at = a.findIndex((sign, index) => sign !== b[index]);
  if (at < 0) return a.length - b.length;
  return (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? -1);
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" ? value : text;
  } catch {
    return text;
  }
}

function valuesOf(
  value: unknown,
  path: string[],
  patterns: Pattern[],
): [string[], unknown][] {
  const covering = patterns.filter((pattern) => covers(pattern, path));
  if (covering.some(({ cleans }) => !cleans)) return [];
  const inner = value && typeof value === "object" ? Object.entries(value) : [];
  if (!inner.length) return [[path, covering.length ? cleaned(value) : value]];
  return inner.flatMap(([name, each]) =>
    valuesOf(each, [...path, name], patterns),
  );
}

function covers({ names, cleans }: Pattern, path: string[]): boolean {
  const isLongEnough = cleans
    ? path.length === names.length
    : path.length >= names.length;
  return (
    isLongEnough && names.every((name, at) => ["*", path[at]].includes(name))
  );
}

function cleaned(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/[0-9]+/g, "0");
  return typeof value === "number" ? 0 : value;
}

/** Return a path that can be printed. */
function spelled(path: string[]): string {
  const signs = Array.from(path.join(".")).slice(0, LONGEST);
  const printed = signs.map((sign) =>
    sign !== " " && UNPRINTED.test(sign) ? "?" : sign,
  );
  return printed.join("");
}

async function token(value: unknown): Promise<string> {
  if (typeof value === "string") return hash(`s${value}`);
  if (typeof value !== "number") return hash(JSON.stringify(value));
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, value + 0); // -0 is 0
  return hash(`n${hex(new Uint8Array(bytes.buffer))}`);
}

async function hash(text: string): Promise<string> {
  return hex(await sha256(text)).slice(0, 8);
}

function hex(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16));
  return digits.map((each) => each.padStart(2, "0")).join("");
}

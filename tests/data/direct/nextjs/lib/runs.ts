import { NextResponse } from "next/server";
import { ask } from "./upstream";

/** Keeps a record of a run around what it does. */
export async function withRun<T>(job: string, run: () => Promise<T>): Promise<T> {
  await ask(`keep/${job}`).catch(() => null);
  try {
    return await run();
  } finally {
    await ask(`kept/${job}`).catch(() => null);
  }
}

/** Answers with what is known of an error. */
export function explained(error: unknown) {
  const known = error instanceof Error ? { message: error.message } : { message: "unknown", error };
  const status = /few/.test(known.message) ? 429 : 500;
  const headers = status === 429 ? { "Retry-After": "30" } : undefined;
  return NextResponse.json({ success: false, ...known }, { status, headers });
}

export async function judged(rows: unknown[]) {
  if (rows.length === 0) return new Response(null, { status: 204 });
  if (rows.length === 1) return Response.json({ error: "only one" }, { status: 409 });
  if (rows.length === 2) return Response.redirect("https://example.test/rows");
  return new Response(`${rows.length} rows`);
}

/** Answers with no JSON where it says so, with errors without words, and with a date to try again at. */
export function mislabelled(rows: unknown[]) {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  if (rows.length === 0) return new Response("none", { headers: { "content-type": "application/json" } });
  if (rows.length === 1) return new Response(null, { status: 409 });
  if (rows.length === 2) return new Response(lines, { headers: { "content-type": "application/x-ndjson" } });
  const later = new Date(Date.UTC(2098, 0)).toUTCString();
  return new Response(null, { status: 503, headers: { "retry-after": later } });
}

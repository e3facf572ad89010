import { NextResponse } from "next/server";

export function fail(message: string, status = 500) {
  return NextResponse.json({ error: message }, { status });
}

import { NextResponse } from "next/server";
import { ask } from "../../../../lib/upstream";

export const dynamic = "force-dynamic";
export const maxDuration = 60; // seconds

// Refreshes the list every hour.
export async function GET() {
  const models = await ask("models");
  return NextResponse.json({ models });
}

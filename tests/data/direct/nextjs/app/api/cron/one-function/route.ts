import { NextResponse } from "next/server";
import { createHash, timingSafeEqual } from "node:crypto";
import { ask } from "../../../../lib/upstream";

function digest(text: string) {
  return createHash("sha256").update(text).digest();
}

/** Whether the caller knows the secret. */
function verifyCaller(request: Request): boolean {
  const secret = process.env.CRON_SECRET;
  const bearer = request.headers.get("authorization")?.match(/^Bearer (.+)$/)?.[1];
  if (!secret || !bearer) return false;
  return timingSafeEqual(digest(bearer), digest(secret));
}

async function handle(request: Request) {
  if (!verifyCaller(request)) {
    return NextResponse.json({ error: "unauthorized" }, { status: 401 });
  }
  // A switch of the operator's, and no matter of the caller's.
  if (process.env.DIGEST_ENABLED !== "true") {
    return NextResponse.json({ disabled: true }, { status: 200 });
  }
  return NextResponse.json({ sent: await ask("digest") });
}

export { handle as GET, handle as POST };

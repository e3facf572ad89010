import { NextResponse } from "next/server";
import { isAllowed } from "../../../../lib/cron";
import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  if (!isAllowed(request)) {
    return NextResponse.json({ error: "Unauthorized" }, { status: 401 });
  }
  const { due } = await ask("due");
  if (!due.length) {
    return NextResponse.json({ message: "nothing is due", sent: 0 });
  }
  await ask("send", { due });
  return NextResponse.json({ message: "sent", sent: due.length }, { status: 202 });
}

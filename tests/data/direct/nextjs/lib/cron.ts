import { timingSafeEqual } from "node:crypto";
import { NextResponse } from "next/server";

type Work = (request: Request) => Promise<Response>;

export function isAllowed(request: Request): boolean {
  const secret = process.env.CRON_SECRET;
  const header = request.headers.get("authorization");
  if (!secret || !header) return false;
  const [ours, theirs] = [Buffer.from(`Bearer ${secret}`), Buffer.from(header)];
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

export function denyStranger(request: Request) {
  if (!process.env.CRON_SECRET) {
    return NextResponse.json({ error: "no secret" }, { status: 500 });
  }
  if (isAllowed(request)) return null;
  console.warn("a stranger called");
  return NextResponse.json({ error: "no" }, { status: 401 });
}

export function isAllowedByAny(request: Request): boolean {
  const auth = request.headers.get("authorization") ?? "";
  const secrets = [process.env.CRON_SECRET, process.env.OTHER_SECRET];
  return secrets.filter((each): each is string => Boolean(each)).some((each) => auth === `Bearer ${each}`);
}

export async function requireCron(request: Request): Promise<void> {
  if (!isAllowed(request)) throw new Error("no");
}

export function judge(request: Request) {
  if (!isAllowed(request)) {
    return { ok: false, status: 401, reason: "no" };
  }
  return { ok: true, status: 200, reason: "" };
}

export function withCron(work: Work): Work {
  return async (request) => {
    if (!isAllowed(request)) return new Response("no", { status: 401 });
    return work(request);
  };
}

export function withTiming(work: Work): Work {
  return async (request) => {
    const response = await work(request);
    await fetch(`${process.env.UPSTREAM_URL}/timed`);
    return response;
  };
}

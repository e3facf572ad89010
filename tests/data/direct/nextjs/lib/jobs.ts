import type { NextApiHandler, NextApiRequest, NextApiResponse } from "next";
import type { NextRequest } from "next/server";
import { NextResponse } from "next/server";
import { isAllowed } from "./cron";
import { ask } from "./upstream";

type Answering = (request: NextRequest) => Promise<NextResponse>;
type Around = { request: NextRequest; startedAt: Date };
type Kept = { name: string; work: () => Promise<Record<string, unknown>> };

/** Records what a route answers. */
export function withRecord(name: string, handle: Answering): Answering {
  return async (request: NextRequest) => {
    if (!isAllowed(request)) return NextResponse.json({ error: "no" }, { status: 401 });
    await ask(`begun/${name}`).catch(() => null);
    try {
      const response = await handle(request);
      await ask(`done/${name}`, { status: response.status }).catch(() => null);
      return response;
    } catch (error) {
      const message = error instanceof Error ? error.message : "unknown";
      await ask(`failed/${name}`, { message }).catch(() => null);
      return NextResponse.json({ error: message }, { status: 500 });
    }
  };
}

/** Answers with what a job gives. */
export const withJob =
  (name: string, handle: (around: Around) => Promise<Record<string, unknown>>) => async (request: NextRequest) => {
    const header = request.headers.get("authorization");
    // Only Vercel may call.
    if (header !== `Bearer ${process.env.CRON_SECRET}`) {
      return new Response("no", { status: 401 });
    }
    try {
      const result = await handle({ request, startedAt: new Date(0) });
      if (result.rows === 2) return Response.json({ name, error: "two rows" }, { status: 503 });
      return Response.json({ name, ...result });
    } catch (error) {
      await ask(`failed/${name}`).catch(() => null);
      return Response.json({ name, error: String(error) }, { status: 500 });
    }
  };

export async function runJob<T extends object>(
  request: Request,
  name: string,
  work: (at: Date) => Promise<T>,
): Promise<NextResponse> {
  if (!isAllowed(request)) {
    return NextResponse.json({ error: "no" }, { status: 401 });
  }
  try {
    const result = await work(new Date(0));
    await ask(`done/${name}`, result);
    return NextResponse.json({ ok: true, ...result });
  } catch (error) {
    await ask(`failed/${name}`).catch(() => null);
    return NextResponse.json({ ok: false, error: String(error) }, { status: 500 });
  } finally {
    await ask(`over/${name}`).catch(() => null);
  }
}

export async function runKept(request: Request, { name, work }: Kept): Promise<Response> {
  if (!isAllowed(request)) return new Response("no", { status: 401 });
  const result = await work();
  if (result.failed) return Response.json(result, { status: 500 });
  await ask(`done/${name}`);
  return Response.json(result);
}

/** Hands on what it is given, but for failures. */
export function withCatch(handle: Answering): Answering {
  return async (request) => {
    if (!isAllowed(request)) return NextResponse.json({ error: "no" }, { status: 401 });
    try {
      return await handle(request);
    } catch {
      return NextResponse.json({ error: "failed" }, { status: 500 });
    }
  };
}

export function pageJob(work: () => Promise<Record<string, unknown>>): NextApiHandler {
  return async (req: NextApiRequest, res: NextApiResponse) => {
    if (req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) {
      return res.status(401).end();
    }
    try {
      const result = await work();
      await ask("done/page");
      res.status(200).json({ ok: true, ...result });
    } catch (error) {
      await ask("failed/page").catch(() => null);
      res.status(500).json({ error: (error as Error).message });
    }
  };
}

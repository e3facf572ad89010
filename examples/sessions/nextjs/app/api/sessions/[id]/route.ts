import { sessionStatus } from "@/lib/inngest/sessions";

type Context = { params: Promise<{ id: string }> };

/** Tell a client where its session stands; a client shows `queued` as "waiting". */
export async function GET(
  request: Request,
  { params }: Context,
): Promise<Response> {
  const status = await sessionStatus(
    (await params).id,
    request.headers.get("x-user") ?? "",
  );
  return status ? Response.json(status) : new Response(null, { status: 404 });
}

import { NotEnoughCreditsError, requestSession } from "@/lib/inngest/sessions";
import { processAsBefore } from "@/lib/predictions";

/** Ask for predictions; a credit a model. A real app takes the user from its sign-in. */
export async function POST(request: Request): Promise<Response> {
  const userId = request.headers.get("x-user");
  const models: unknown = await request.json();
  if (!userId) return new Response(null, { status: 401 });
  if (!Array.isArray(models)) return new Response(null, { status: 400 });
  try {
    const { sessionId } = await requestSession({
      userId,
      cost: models.length,
      values: { selected_models: models.map(String) },
      legacy: processAsBefore,
    });
    return Response.json({ id: sessionId }, { status: 202 });
  } catch (error) {
    if (error instanceof NotEnoughCreditsError)
      return new Response(error.message, { status: 402 });
    throw error;
  }
}

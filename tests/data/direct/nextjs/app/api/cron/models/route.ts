import { ask } from "../../../../lib/upstream";

const MODELS = ["one", "two/2", "three"];

export const GET = async (request: Request) => {
  const secret = process.env.CRON_SECRET;
  if (secret) {
    const header = request.headers.get("authorization") ?? "";
    if (header.replace("Bearer ", "") !== secret) {
      return new Response("no", { status: 401 });
    }
  }
  const made = await Promise.all(
    MODELS.map(async (model) => ({ model, made: await ask(`predict/${encodeURIComponent(model)}`) })),
  );
  return Response.json({ made });
};

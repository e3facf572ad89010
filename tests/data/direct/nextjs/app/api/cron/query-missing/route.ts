import { ask } from "../../../../lib/upstream";

export async function GET(request: Request) {
  const url = new URL(request.url);
  const day = url.searchParams.get("day");
  const mode = url.searchParams.get("mode") || "full";
  const isDry = url.searchParams.get("dry") !== null;
  if (day) await ask(`days/${day}`);
  if (!isDry) await ask(`modes/${mode}`);
  return Response.json({ day, mode, isDry, steps: mode === "full" ? 2 : 1 });
}

import { NextResponse, type NextRequest } from "next/server";
import { ask } from "../../../../lib/upstream";

export async function GET(request: NextRequest) {
  const { search, searchParams } = request.nextUrl;
  const tags = searchParams.getAll("tag");
  const has = searchParams.has("deep");
  await ask(`search${search}`);
  return NextResponse.json({ tags, has, all: Object.fromEntries(searchParams) });
}

export function GET() {
  return Response.json({ error: "nothing here" }, { status: 404 });
}

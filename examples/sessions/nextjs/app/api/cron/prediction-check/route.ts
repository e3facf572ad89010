/** Says that the app is there; Vercel asks once a day. */
export function GET(request: Request): Response {
  const secret = process.env["CRON_SECRET"];
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) {
    return new Response(null, { status: 401 });
  }
  return Response.json({ checked: true });
}

import { ask } from "../../../../lib/upstream";

const refreshPrices = () => ask("prices");
const refreshRates = () => ask("rates");

export async function GET() {
  await Promise.all([refreshPrices(), refreshRates()]);
  return Response.json({ ok: true });
}

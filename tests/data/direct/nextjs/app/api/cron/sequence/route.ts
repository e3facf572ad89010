import { ask } from "../../../../lib/upstream";

async function refreshPrices() {
  return ask("prices");
}

async function refreshRates() {
  return ask("rates");
}

export async function GET() {
  await refreshPrices();
  await refreshRates();
  const total = await ask("total");
  return Response.json({ ok: true, total });
}

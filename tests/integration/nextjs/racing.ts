/** Take one tick's claim at the address in CRONSHIFT_CLAIMS_URL by twenty holders at once, and tell who had it. */
import { claimsAfar } from "./cronshift/claims-afar";

const claims = claimsAfar();
const tick = new Date("2026-11-27T12:00:00Z");

/** Ask once more where an answer did not come in time: the same holder has the same one. */
async function take(holder: string, tries = 5): Promise<boolean | string> {
  try {
    return await claims.take("race", tick, holder);
  } catch (error) {
    return tries ? take(holder, tries - 1) : String(error);
  }
}

void (async () => {
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      take(`typescript-${at}`),
    ),
  );
  console.log(JSON.stringify(taken));
})();

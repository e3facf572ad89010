/** Asks the upstream for something, and gives what it answers, or null where it is broken. */
export async function asked(name) {
  const response = await fetch(`${process.env.UPSTREAM_URL}/${name}`);
  return response.ok ? await response.json() : null;
}

/** Returns whether Vercel's cron calls, by the header that it sends. */
export const isCron = (authorization) => authorization === `Bearer ${process.env.CRON_SECRET}`;

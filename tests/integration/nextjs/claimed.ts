/** Take claims as a data file says, in the database of CRONSHIFT_CLAIMS_URL, by one of the clients. */
import { readFileSync } from "node:fs";

import { Pool } from "pg";

import { claimsIn } from "./cronshift/claims";

type Line = {
  do: "take" | "finish" | "release";
  job: string;
  tick: string;
  holder: string;
  at: number;
};
const pool = new Pool({
  connectionString: process.env["CRONSHIFT_CLAIMS_URL"],
  max: 4,
});
const clients: Record<string, object> = {
  pg: pool,
  drizzle: { $client: pool },
  prisma: {
    $queryRawUnsafe: async (sql: string, ...values: string[]) =>
      (await pool.query(sql, values)).rows as unknown[],
  },
  postgres: {
    unsafe: async (sql: string, values: string[]) =>
      (await pool.query(sql, values)).rows as unknown[],
  },
};
const [kind = "pg"] = process.argv.slice(2);
const lines = JSON.parse(readFileSync(0, "utf8")) as Line[];
let now = 0;
const claims = claimsIn(clients[kind] ?? pool, () => now);

void (async () => {
  const answers: unknown[] = [];
  for (const { do: verb, job, tick, holder, at } of lines) {
    now = at;
    answers.push((await claims[verb](job, new Date(tick), holder)) ?? null);
  }
  now = Date.now();
  const alike = { job: "race", tick: new Date("2026-11-27T12:00:00Z") };
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      claims.take(alike.job, alike.tick, `holder-${at}`),
    ),
  );
  const winners = taken.filter(Boolean).length;
  console.log(JSON.stringify({ answers, winners }));
  await pool.end();
})();

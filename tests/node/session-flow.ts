/** Carries out the cases of session-flow.json on the generated store, and prints what each step gave. */
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Pool } from "pg";

import { database } from "./lib/inngest/sessions/connection";
import * as store from "./lib/inngest/sessions/store";

type Step = {
  do: string;
  models: number;
  cost?: number;
  owner?: "vercel";
  sends?: boolean;
  run: string;
  user?: "another" | "hashed";
  session?: string;
  well: boolean;
  reason?: string;
  as: string;
  fails?: boolean;
  minutes: number;
};
type Case = { name: string; user: string; steps: Step[] };

const pool = new Pool({ connectionString: process.env["DATABASE_URL"], max: 2 });
const sql = async (text: string, ...values: unknown[]) => (await pool.query(text, values)).rows;

async function stateOf(session: string): Promise<string> {
  const [row] = await sql("SELECT status::text FROM prediction_sessions WHERE id = $1", session);
  return row.status;
}

/** Return what a step gives, and the session that it made. */
async function carryOut(step: Step, user: string, session: string): Promise<[unknown, string]> {
  switch (step.do) {
    case "enqueue": {
      const models = Array.from({ length: step.models }, (_, number) => `model-${number}`);
      const lease = step.sends ? randomUUID() : "";
      try {
        const made = await store.enqueue(
          user, step.cost ?? step.models, { selected_models: models }, step.owner ?? "inngest", lease,
        );
        return [await stateOf(made), made];
      } catch (error) {
        if (error instanceof store.NotEnoughCreditsError) return ["not enough", session];
        if (error instanceof RangeError) return ["no cost", session];
        throw error;
      }
    }
    case "claim": {
      const asked = step.session ?? session;
      const hash = createHash("sha256").update(`${asked}\n${user}`).digest("hex");
      const named = { another: randomUUID(), hashed: `sha256:${hash}`, own: user }[step.user ?? "own"];
      return [await store.claim({ session_id: asked, user_id: named }, step.run), session];
    }
    case "deliver":
      for (let number = 0; number < step.models; number++) {
        const keep = "INSERT INTO predictions (session_id, model) VALUES ($1, $2)";
        await sql(keep, session, `model-${number}`);
      }
      return [null, session];
    case "settle": {
      const done = await store.settle(session, step.run, step.well, step.reason ?? "");
      return [done.aside ? "aside" : [done.settled, done.refunded], session];
    }
    case "label":
      await sql("UPDATE prediction_sessions SET status = $2::session_status WHERE id = $1", session, step.as);
      return [null, session];
    case "relay": {
      const attempts: unknown[] = [];
      try {
        await store.relay(async (events) => {
          if (step.fails) throw new Error("the event API is away");
          attempts.push(...events.map(({ data }) => data.attempt));
        });
      } catch {
        return ["failed", session];
      }
      return [attempts, session];
    }
    case "lapse":
      await sql("UPDATE cronshift_outbox SET leased_until = 1 WHERE sent_at IS NULL");
      return [null, session];
    case "requeue":
      return [await store.requeue(), session];
    case "age":
      await sql(
        `UPDATE prediction_sessions SET created_at = created_at - $2 * interval '1 minute',
           started_at = started_at - $2 * interval '1 minute' WHERE id = $1`,
        session,
        step.minutes,
      );
      return [null, session];
    case "stuck":
      return [await store.settleStuck(), session];
    case "disown":
      await sql(
        `CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN IF OLD.id = '${user}' THEN RETURN NULL; END IF; RETURN NEW; END $$`,
      );
      await sql("CREATE TRIGGER keep BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION keep()");
      return [null, session];
    default:
      throw new Error(`there is no step ${step.do}`);
  }
}

async function main(): Promise<void> {
  const cases = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Case[];
  const told: unknown[] = [];
  for (const { steps, user } of cases) {
    const gave: unknown[] = [];
    let session = "";
    for (const step of steps) {
      const [given, made] = await carryOut(step, user, session);
      gave.push(given);
      session = made;
    }
    await sql("UPDATE cronshift_outbox SET sent_at = now() WHERE sent_at IS NULL");
    told.push({ gave, session });
  }
  console.log(JSON.stringify(told));
  void database;
  process.exit(0);
}

void main();

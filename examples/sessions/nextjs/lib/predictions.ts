import { Pool } from "pg";

const pool = new Pool({
  connectionString: process.env["DATABASE_URL"],
  max: 5,
});

/** Ask one model, and keep its answer once, however often this is called for it. */
export async function predict(sessionId: string, model: string): Promise<void> {
  await pool.query(
    "INSERT INTO predictions (session_id, model) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    [sessionId, model],
  );
}

/** Process a session inside the request, as the app did before it had a queue. */
export async function processAsBefore(sessionId: string): Promise<void> {
  const { rows } = await pool.query<{ selected_models: string[] }>(
    "SELECT selected_models FROM prediction_sessions WHERE id = $1",
    [sessionId],
  );
  for (const model of rows[0]?.selected_models ?? [])
    await predict(sessionId, model);
  await pool.query(
    "UPDATE prediction_sessions SET status = 'finished' WHERE id = $1",
    [sessionId],
  );
}

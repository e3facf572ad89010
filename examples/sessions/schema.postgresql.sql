CREATE TYPE session_status AS ENUM ('initializing', 'queued', 'generating', 'finished', 'error');
CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text, credits integer NOT NULL,
  total_credits_spent integer NOT NULL
);
CREATE TABLE prediction_sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES users,
  status session_status NOT NULL, selected_models text[] NOT NULL,
  created_at timestamptz NOT NULL, started_at timestamptz, error text, note text DEFAULT 'untouched'
);
CREATE TABLE predictions (
  id serial PRIMARY KEY, session_id uuid NOT NULL, model text, UNIQUE (session_id, model)
);
CREATE INDEX ON prediction_sessions (status, created_at);

CREATE TABLE users (
  id TEXT PRIMARY KEY, name TEXT, credits INTEGER NOT NULL, total_credits_spent INTEGER NOT NULL
);
CREATE TABLE prediction_sessions (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL, status TEXT NOT NULL, selected_models TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL, started_at TIMESTAMP, error TEXT, note TEXT DEFAULT 'untouched'
);
CREATE TABLE predictions (
  id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, model TEXT, UNIQUE (session_id, model)
);

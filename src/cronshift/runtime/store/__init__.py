"""cronshift's own records in a database: SQLite on one machine, PostgreSQL for several."""

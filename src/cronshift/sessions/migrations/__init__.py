"""Alembic's migrations of cronshift's own tables, beside the user's."""

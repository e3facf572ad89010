"""PLAN: entries, handlers and settings become jobs and findings."""

"""Readiness: every fact that a move depends on is known good, known bad, or not known."""

"""Operate: where each environment is, and what is known of it right now."""

"""Findings that a user accepts, and those that ``--fix`` mends in the app's own sources."""

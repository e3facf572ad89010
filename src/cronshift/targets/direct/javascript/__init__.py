"""Handlers in TypeScript and JavaScript."""

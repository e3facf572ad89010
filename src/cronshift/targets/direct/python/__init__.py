"""Handlers in Python: routes of FastAPI and Flask, and classes of http.server."""

"""The Inngest functions that cronshift itself ships."""

from cronshift.inngest_fns.sessions import session_functions

__all__ = ["session_functions"]

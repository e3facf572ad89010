"""RESOLVE: from an entry's path to the source that answers it.

Reads sources and never runs them. What cannot be read for certain is ``None``, not a guess.
"""

from cronshift.handlers.python import PythonHandlers

__all__ = ["PythonHandlers"]

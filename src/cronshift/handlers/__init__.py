"""RESOLVE: from an entry's path to the source that answers it, and what that source does."""

from cronshift.handlers.resolving import Resolver
from cronshift.handlers.verdict import Resolution, Verdict

__all__ = ["Resolution", "Resolver", "Verdict"]

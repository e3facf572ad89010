"""RESOLVE: from an entry's path to the source that answers it, and that source's behaviour."""

from cronshift.handlers.resolving import Resolver
from cronshift.handlers.verdict import Resolution, Verdict

__all__ = ["Resolution", "Resolver", "Verdict"]

"""Targets: the kinds of code that a plan becomes.

``target`` is the door: what a target is, and the registry by name. ``python/`` and ``typescript/`` are
the guests; only they know their own, and nothing outside this room names them. What they share:
``rendering`` and ``seal`` (texts), ``changes`` (what is generated beside what is on disk),
``scaffold/`` (the app's side of the session flow).
"""

from cronshift.targets.registry import (
    DEFAULT_TARGET,
    generate,
    register,
    target_named,
    target_names,
    target_of,
    unregister,
)
from cronshift.targets.target import (
    CallerFate,
    Direct,
    Directing,
    DoesNotFit,
    Fit,
    Fits,
    GeneratedFile,
    Guard,
    GuardByHand,
    GuardRoute,
    NoGuard,
    OverHttp,
    Placement,
    Reach,
    Retirement,
    Target,
    Wishes,
)

__all__ = [
    "DEFAULT_TARGET",
    "CallerFate",
    "Direct",
    "Directing",
    "DoesNotFit",
    "Fit",
    "Fits",
    "GeneratedFile",
    "Guard",
    "GuardByHand",
    "GuardRoute",
    "NoGuard",
    "OverHttp",
    "Placement",
    "Reach",
    "Retirement",
    "Target",
    "Wishes",
    "generate",
    "register",
    "target_named",
    "target_names",
    "target_of",
    "unregister",
]

"""The verdict on a GET to a path, as plain data."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cronshift.model import Handler


class Verdict(StrEnum):
    """The verdict on a GET to a path."""

    ANSWERED = "answered"
    WRONG_METHOD = "wrong-method"
    """A route is there, and does not answer GET: 405."""
    REDIRECTED = "redirected"
    EXTERNAL = "external"
    """It is passed on to another host."""
    DEAD = "dead"
    UNKNOWN = "unknown"
    """The source that would tell is not here, or computes its routes."""


class Resolution(Struct, frozen=True):
    """The resolution of a path to whatever answers it.

    Attributes:
        handler: what answers, or would if it answered GET.
        target: where a redirect or a proxy leads.
        methods: those that are answered, where GET is not.
        nearest: the routes that look most like a dead path.
        why: what decided, where it is not the path itself.
        passed: which file seems to answer and is not asked, in words.
    """

    verdict: Verdict
    handler: Handler | None = None
    target: str = ""
    methods: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    why: str = ""
    passed: str = ""

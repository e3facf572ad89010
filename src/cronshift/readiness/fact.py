"""A fact: the knowledge of one thing that a move depends on, its source, its age, its remedy."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.runtime.ownership import tick_text

if TYPE_CHECKING:
    from datetime import datetime


class Knowledge(StrEnum):
    """The knowledge about a fact."""

    GOOD = "known-good"
    BAD = "known-bad"
    UNKNOWN = "not-known"


class Stage(StrEnum):
    """The stages of a move that depend on a fact."""

    SHARE = "share"
    """A percentage: both sides ask whose a tick is."""
    REMOVE = "remove"
    """The entry goes; Inngest's side is all that is left."""
    SERVE = "serve"
    """The functions are deployed, whoever owns their ticks."""


class Kind(Struct, frozen=True):
    """One kind of fact.

    Attributes:
        code: stable, for ``--despite`` and ``--assume``; its name will do as well.
        refusal: the reason of the error that refuses a move, where it is known bad.
        stages: what depends on it.
    """

    code: str
    name: str
    summary: str
    refusal: str
    stages: frozenset[Stage] = frozenset(Stage)


class Fact(Struct, frozen=True):
    """One thing that a move depends on.

    Attributes:
        message: a sentence.
        evidence: ``file:line``, or the command that shows it.
        remedy: what to do, where it is not known good.
        jobs: those it is about; none for all.
        seen: when it was established.
    """

    kind: Kind
    answer: Knowledge
    message: str
    evidence: str
    seen: datetime
    remedy: str = ""
    jobs: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fact's part of a document."""
        return {
            "code": self.kind.code,
            "name": self.kind.name,
            "answer": self.answer.value,
            "message": self.message,
            "evidence": self.evidence,
            "seen": tick_text(self.seen),
            "remedy": self.remedy or None,
            "jobs": list(self.jobs),
        }

"""CHECK: all facts of a move, and the decision about it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import CronshiftError, RefusedError
from cronshift.model import Origin
from cronshift.readiness import deployed, fronts, guards, identity, ticks, variables
from cronshift.readiness.fact import Fact, Knowledge, Stage
from cronshift.readiness.kinds import KINDS
from cronshift.readiness.subject import Subject
from cronshift.targets.registry import target_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from cronshift.model import Job, Plan
    from cronshift.project import Project

    Check = Callable[[Subject], Iterator[Fact]]

_CHECKS: tuple[Check, ...] = (
    guards.guards,
    fronts.fronts,
    identity.identity,
    variables.variables,
    ticks.ticks,
    deployed.deployed,
    lambda subject: iter(target_named(subject.plan.target).facts(subject)),
)


class Decisions(Struct, frozen=True):
    """The decisions of the user about facts that are bad or not known.

    Attributes:
        despite: the codes of facts that are known bad, and stop nothing.
        assume: the codes of facts that are not known, and taken for good.
        because: why, in the user's words.
    """

    despite: frozenset[str] = frozenset()
    assume: frozenset[str] = frozenset()
    because: str = ""

    def in_words(self, facts: Iterable[Fact]) -> str:
        """Return the decisions about these facts, as the journal has them; empty for none."""
        listed = list(facts)
        bad = {fact.kind.code: fact for fact in listed if fact.answer is Knowledge.BAD}
        unknown = {fact.kind.code for fact in listed if fact.answer is Knowledge.UNKNOWN}
        words = [f"--despite {code} ({bad[code].message})" for code in self.despite & bad.keys()]
        words += [f"--assume {code}" for code in sorted(self.assume & unknown)]
        return " ".join(words + ([f"--because {self.because!r}"] if self.because and words else []))


def check(subject: Subject) -> tuple[Fact, ...]:
    """Return every fact that the move depends on, known bad first."""
    facts = [fact for ask in _CHECKS for fact in ask(subject) if subject.stage in fact.kind.stages]
    return tuple(sorted(facts, key=_worst_first))


def facts_of(project: Project, plan: Plan, now: datetime) -> tuple[Fact, ...]:
    """Return the facts of the jobs that have functions, as they stand: with an entry, or without.

    Before anything is generated they are those of all jobs that can move.
    """
    facts: dict[tuple[str, str], Fact] = {}
    asked = _asked_about(project, plan)
    for is_moved, stage in ((False, Stage.SHARE), (True, Stage.REMOVE)):
        jobs = [job for job in asked if (job.entry.origin is Origin.MOVED) is is_moved]
        for fact in check(Subject(project, plan, jobs, now, stage)) if jobs else ():
            facts.setdefault((fact.kind.code, fact.message), fact)
    return tuple(facts.values())


def subject_of(project: Project, plan: Plan, now: datetime) -> Subject:
    """Return the jobs that have functions, or before anything is generated all that can move."""
    return Subject(project, plan, _asked_about(project, plan), now)


def _asked_about(project: Project, plan: Plan) -> Sequence[Job]:
    """Return the jobs that have functions, else all that can move; those that the app does itself are its own."""
    ours = [job for job in plan.runnable if job.function is None]
    there = [job for job in ours if job.module and (project.root / job.module).is_file()]
    return there or ours


def settled(facts: Iterable[Fact], seen: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the facts, those seen in a running app in place of those not known.

    What is known bad from the files stays, and so does what a running app turned away.
    """
    by_path = {(fact.kind.code, fact.jobs): fact for fact in seen}
    kept = []
    for fact in facts:
        now = by_path.get((fact.kind.code, fact.jobs))
        is_clearer = now is not None and (
            now.answer is Knowledge.BAD
            or (fact.answer is Knowledge.UNKNOWN and now.answer is not Knowledge.UNKNOWN)
        )
        kept.append(now if now is not None and is_clearer else fact)
    answered = {(fact.kind.code, fact.jobs) for fact in kept}
    kept += [fact for fact in seen if (fact.kind.code, fact.jobs) not in answered]
    return tuple(sorted(kept, key=_worst_first))


def _worst_first(fact: Fact) -> tuple[int, str]:
    return (Knowledge.BAD, Knowledge.UNKNOWN, Knowledge.GOOD).index(fact.answer), fact.kind.code


def refuse_bad(facts: Sequence[Fact], decisions: Decisions) -> None:
    """Refuse a move that depends on a fact known bad.

    Raises:
        RefusedError: naming every such fact that ``decisions`` does not take up.
    """
    bad = [
        fact
        for fact in facts
        if fact.answer is Knowledge.BAD and fact.kind.code not in decisions.despite
    ]
    if bad:
        first = bad[0]
        codes = dict.fromkeys(fact.kind.code for fact in bad)
        raise RefusedError(
            " ".join(dict.fromkeys(fact.message for fact in bad)),
            reason=first.kind.refusal,
            hint=f"{first.remedy.rstrip('.')}. To go on all the same: "
            + " ".join(f"--despite {code}" for code in codes),
            where=first.evidence,
        )


def not_known(facts: Iterable[Fact], decisions: Decisions) -> tuple[Fact, ...]:
    """Return the facts that nobody knows and nobody has answered for."""
    return tuple(
        fact
        for fact in facts
        if fact.answer is Knowledge.UNKNOWN and fact.kind.code not in decisions.assume
    )


def code_of(name: str) -> str:
    """Return the code of a kind of fact, by its code or its name.

    Raises:
        CronshiftError: for one that there is none of.
    """
    for kind in KINDS:
        if name.upper() == kind.code or name.lower() == kind.name:
            return kind.code
    names = [name for kind in KINDS for name in (kind.code, kind.name)]
    close = get_close_matches(name, names, n=2)
    raise CronshiftError(
        f"There is no fact {name!r}.",
        reason="no-such-fact",
        hint=f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(names)}.",
    )

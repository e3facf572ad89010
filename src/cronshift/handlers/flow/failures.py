"""Failures of the work that end well: caught and forgotten, or told in an answer of success."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.behaviour import SourceSpot
from cronshift.handlers.flow.asides import is_minor
from cronshift.handlers.flow.endings import answered_at, answers_of, body_of, succeeds
from cronshift.handlers.flow.operations import is_difference
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.refusals import REFUSED
from cronshift.handlers.flow.soft import soft_word
from cronshift.handlers.flow.values import (
    ListValue,
    NativeObject,
    ObjectValue,
    PlainValue,
    Taint,
    Unknown,
    Value,
    taints_of,
)
from cronshift.handlers.flow.work import is_work, throws_nothing, writes
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.following import RequestEnding, Trace
    from cronshift.handlers.flow.ledger import Ledger, Site
    from cronshift.handlers.flow.reader import HandlerReader

    _Spots = tuple[CodePlace | None, CodePlace | None]
    """Where a request is returned from, and where it is answered."""

_BODIES = (".json", ".text", ".blob", ".arrayBuffer", ".formData")
"""What reads an answer: it throws, and tells of nothing in what it gives."""
_ANSWERED = lazy_pattern(
    r"(?:^|\.)(?:requests|httpx|(?:\w*_)?(?:session|client|http))\.(?:get|post|put|patch|delete|request)$"
    r"|(?:AsyncClient|Client|Session|ClientSession)\.(?:get|post|put|patch|delete|request)$"
)
"""A call whose result is the answer of another side, in Python."""
_MOST_FAILURES = 14  # calls of the work whose failure is tried out
_MOST_LOOKS = 8  # and calls that only look
_MOST_REFUSALS = 10  # and calls that may tell of a failure in what they give
_MOST_A_GUARD = 3  # of those that one catch guards
_MOST_STEPS = 120_000  # of all of them
_DEEPEST = 8  # functions of the project around a call whose failure is tried out
_MOST_INSIDE = 5  # lists and objects inside each other
_COUNTED = lazy_pattern(r"fail|error|problem|skipped|reject", re.IGNORECASE)


def failures_of(reader: HandlerReader, run: Trace) -> tuple[list[SourceSpot], list[SourceSpot]]:
    """Return the spots where errors end in success: forgotten, or told in a body."""
    forgotten: dict[CodePlace, SourceSpot] = {}
    admitted: dict[CodePlace, SourceSpot] = {}
    softly = {
        answer.place
        for ending in run.endings
        for answer in answers_of(ending)
        if soft_word(answer.body)
    }
    steps = 0
    left = {(True, False): _MOST_FAILURES, (False, False): _MOST_LOOKS}
    seen: set[CodePlace | None] = set()
    tried = [(site, False) for site in _candidates(run)] + [(site, True) for site in _telling(run)]
    for site, refused in tried:
        if steps > _MOST_STEPS:
            break
        guard = _guard(site, run.ledger)
        kind = is_work(site), refused
        if (guard in seen and not refused) or left.get(kind) == 0:
            continue
        if kind in left:
            left[kind] -= 1
        failed = reader.run(replace(reader.world, fail_at=site.place, refused=refused))
        steps += failed.steps
        others = _refusals(run) if site.awaited or not refused else frozenset()
        ending = success_after_failure(failed, others)
        is_counted = ending is not None and counts(body_of(ending), refused=refused)
        if ending is None or (refused and answered_at(ending) in softly):
            continue
        turned = ending.path.caught or (ending.path.decided if refused else None)
        if turned is None and not (refused and is_counted):
            continue
        place = turned or site.place
        works = is_work(site) or (refused and bool(site.written))
        leaves_work = works or _leaves_work(run, failed)
        if (ending.path.instead or not leaves_work) and not is_counted:
            continue  # something else was done instead, or a look has a value to fall back to
        seen.add(place)
        if not is_counted and is_minor(reader.program.tree, place, (site.place, *site.calls)):
            continue
        body = body_of(ending)
        is_told = is_counted or _tells(body) or _turns_false(run, body) or _subtracts(body)
        if is_told and not ending.path.in_catch:
            what = f"An error of `{site.name}` is told in an answer of success"
            admitted.setdefault(place, _spot(place, what))
        else:
            forgotten.setdefault(place, _spot(place, site.name))
    whole = [spot for place, spot in forgotten.items() if place not in admitted]
    return whole, list(admitted.values())


def _leaves_work(run: Trace, failed: Trace) -> bool:
    """Return whether work is not begun where a look fails: what it was for is left undone."""
    begun = failed.ledger.sites
    return any(
        is_work(site) and writes(site.name) and place not in begun
        for place, site in run.ledger.sites.items()
        if not site.rescuing
    )


def _candidates(run: Trace) -> list[Site]:
    """Return the calls whose failure something may catch, those of the work first."""
    left = _left_behind(run)
    harmless = set(_unfailing(run))
    chosen = [
        site
        for site in run.ledger.sites.values()
        if _is_caught(site, run.ledger)
        and site.depth <= _DEEPEST
        and not (site.beside or site.rescuing)
        and site.place not in left | harmless
        and not throws_nothing(site)
        and not (site.name.endswith(_BODIES) and site.place in run.ledger.shielded)
        and not left & set(site.within)
    ]
    work = [site for site in chosen if is_work(site)]
    looks = [site for site in chosen if not site.followed and not is_work(site)]
    work.sort(
        key=lambda site: (
            not _is_surely_caught(site, run.ledger),
            not writes(site.name),
            site.depth,
        )
    )
    looks.sort(key=lambda site: (not site.written, site.depth))
    chosen = [*_few_a_guard(work, run.ledger), *_few_a_guard(looks, run.ledger)]
    return _each_guard_first(chosen, run.ledger)


def _left_behind(run: Trace) -> set[CodePlace]:
    """Return the places of work that nobody waits for, of which that is told already."""
    ledger = run.ledger
    later = {place for place, _, _ in ledger.later}
    return later | {promise.place for promise in ledger.left()}


def _guard(site: Site, ledger: Ledger) -> CodePlace | None:
    """Return the place that catches the failure of a call: its own promise's ``catch`` before a clause."""
    return ledger.shielded.get(site.place, site.guard)


def _few_a_guard(sites: list[Site], ledger: Ledger) -> list[Site]:
    """Return sites, of those that one ``catch`` guards the first few."""
    taken: dict[CodePlace | None, int] = {}
    chosen = []
    for site in sites:
        guard = _guard(site, ledger)
        taken[guard] = taken.get(guard, 0) + (guard is not None)
        if taken[guard] <= _MOST_A_GUARD:
            chosen.append(site)
    return chosen


def _each_guard_first(sites: list[Site], ledger: Ledger) -> list[Site]:
    """Return sites, the first of each ``catch`` before the second of any."""
    turns: dict[CodePlace | None, int] = {}
    ranked = []
    for site in sites:
        guard = _guard(site, ledger)
        turns[guard] = turns.get(guard, 0) + 1
        ranked.append((turns[guard], site))
    return [site for _, site in sorted(ranked, key=lambda pair: pair[0])]


def _is_caught(site: Site, ledger: Ledger) -> bool:
    """Return whether something may catch the failure of a call; of what is settled, its outcome."""
    is_settled = ledger.settled and not site.followed and writes(site.name)
    return is_settled or _is_surely_caught(site, ledger)


def _is_surely_caught(site: Site, ledger: Ledger) -> bool:
    """Return whether a call is waited for where something catches its failure."""
    is_guarded = site.guarded or site.place in ledger.shielded
    return is_guarded and (site.awaited or is_python(site.place.file))


def _telling(run: Trace) -> list[Site]:
    """Return the calls out of the project whose results may tell of a failure."""
    left = _left_behind(run)
    chosen = [
        site
        for site in run.ledger.sites.values()
        if _is_asked(site, run.ledger)
        and not left & {site.place, *site.within}
        and not (site.followed or site.beside or site.rescuing or site.name.endswith(_BODIES))
        and (not is_python(site.place.file) or _ANSWERED.search(site.name))
        and site.depth <= _DEEPEST
    ]
    chosen.sort(key=lambda site: (not is_work(site), not site.awaited, site.depth))
    return chosen[:_MOST_REFUSALS]


def _is_asked(site: Site, ledger: Ledger) -> bool:
    """Return whether a result like that of a call is asked anywhere whether it failed."""
    if is_python(site.place.file) or site.name == "fetch":
        return bool(ledger.telling)
    return site.name.rpartition(".")[2] in ledger.telling


def _unfailing(run: Trace) -> Iterator[CodePlace]:
    """Yield the calls into the project in which every call out of it is caught."""
    for place, site in run.ledger.sites.items():
        leading_out = [
            inner
            for inner in run.ledger.sites.values()
            if site.followed and place in inner.calls and inner.awaited and not inner.followed
        ]
        shielded = run.ledger.shielded
        if leading_out and all(
            inner.tries > site.tries or inner.place in shielded or throws_nothing(inner)
            for inner in leading_out
        ):
            yield place


def success_after_failure(
    run: Trace, others: frozenset[_Spots] = frozenset()
) -> RequestEnding | None:
    """Return the ending of a failed call in success; ``None`` where any of its ways does not.

    Args:
        run: with the failure.
        others: where a request is refused without it too: that tells nothing of the failure.
    """
    if not run.is_complete:
        return None
    failed = [
        ending
        for ending in run.endings
        if ending.path.failed
        and (
            succeeds(ending)
            or ending.path.hangs
            or ending.path.hinged
            or is_of_failure(ending.value)
            or _spots(ending) not in others
        )
    ]
    if not failed or not all(succeeds(ending) for ending in failed):
        return None
    return failed[-1]


def _refusals(run: Trace) -> frozenset[_Spots]:
    """Return the spots at which requests are refused."""
    return frozenset(_spots(ending) for ending in run.endings if not succeeds(ending))


def _spots(ending: RequestEnding) -> _Spots:
    return ending.place, answered_at(ending)


def _turns_false(run: Trace, body: Value | None) -> bool:
    """Return whether a body says ``false`` of what it says otherwise where nothing fails, or no ``ok``."""
    if not isinstance(body, ObjectValue):
        return False
    wholes = (body_of(ending) for ending in run.endings if succeeds(ending))
    usual = [whole.cell for whole in wholes if isinstance(whole, ObjectValue)]
    denied = {key for key, value in body.cell.items() if _is_false(value)}
    denied |= set() if body.open else {"ok", "success"} - body.cell.keys()
    return any(key in cell and not _is_false(cell[key]) for cell in usual for key in denied)


def _subtracts(body: Value | None, depth: int = _MOST_INSIDE) -> bool:
    """Return whether a body says by a name of failure what is left of all, ``failed: all - sent``."""
    fields = body.cell.items() if isinstance(body, ObjectValue) else ()
    if any(_COUNTED.search(key) and is_difference(value) for key, value in fields):
        return True
    return depth > 0 and any(_subtracts(part, depth - 1) for part in _parts(body))


def _is_false(value: Value) -> bool:
    return isinstance(value, PlainValue) and value.value is False


def _tells(body: Value | None) -> bool:
    """Return whether a caught error is part of a body, under whatever name."""
    if isinstance(body, Unknown) and body.alternatives:
        return any(_tells(alternative) for alternative in body.alternatives)
    if body is None or isinstance(body, PlainValue):
        return False
    return counts(body) or is_of_failure(body, aloud=True)


def counts(body: Value | None, *, refused: bool = False) -> bool:
    """Return whether a body says by a name that something failed: ``failed``, ``errors``, ``ok``.

    It must be what failed here that it says so of, but for the answer's own ``ok``, if it is sure.
    """
    if isinstance(body, Unknown):
        return any(counts(alternative, refused=True) for alternative in body.alternatives)
    if isinstance(body, ListValue):
        return any(counts(element, refused=True) for element in body.elements.values)
    if not isinstance(body, ObjectValue):
        return False
    for key, value in body.cell.items():
        if key in {"success", "ok"} and _is_false(value) and (not refused or is_of_failure(value)):
            return True
        if _COUNTED.search(key) and is_of_failure(value):
            return True
        if isinstance(value, ObjectValue | ListValue | Unknown) and counts(value, refused=True):
            return True
    return False


def is_of_failure(value: Value | None, depth: int = _MOST_INSIDE, *, aloud: bool = False) -> bool:
    """Return whether a value is made of a caught error, looking into lists and objects.

    Args:
        value: of an answer.
        depth: how many lists and objects inside each other are looked into.
        aloud: whether a zero or a count is not enough, that only comes out otherwise.
    """
    if value is None:
        return False
    if isinstance(value, NativeObject) and value.data == REFUSED:
        return True
    if _is_said(value, aloud=aloud):
        return True
    if depth == 0:
        return False
    if isinstance(value, Unknown) and aloud and _is_scalar(value):
        return False
    return any(is_of_failure(part, depth - 1, aloud=aloud) for part in _parts(value))


def _parts(value: Value | None) -> Iterable[Value]:
    """Return the parts of a value: its elements, its fields, the few that it may be."""
    if isinstance(value, ListValue):
        return value.elements.values
    if isinstance(value, ObjectValue):
        return value.cell.values()
    return value.alternatives if isinstance(value, Unknown) else ()


def _is_said(value: Value, *, aloud: bool) -> bool:
    """Return whether a value itself is made of a failure."""
    if not aloud:
        return Taint.FAILURE in taints_of(value)
    if isinstance(value, Unknown) and value.alternatives and _is_scalar(value):
        spoken = [part for part in value.alternatives if _is_said(part, aloud=True)]
        is_whole = len(spoken) == len(value.alternatives)
        return is_whole or any(map(_is_word, spoken))
    return Taint.FAILURE in value.taints and Taint.QUIET not in value.taints


def _is_word(value: Value) -> bool:
    """Return whether a value is the error itself or a text of it, and no count that may be another's."""
    if not isinstance(value, PlainValue):
        return True
    return value.value is True or (isinstance(value.value, str) and bool(value.value))


def _is_scalar(value: Unknown) -> bool:
    """Return whether a value that is one of a few is no list and no object."""
    return all(isinstance(part, PlainValue | Unknown) for part in value.alternatives)


def _spot(place: CodePlace, what: str) -> SourceSpot:
    return SourceSpot(place.file, place.line, what, place.column)

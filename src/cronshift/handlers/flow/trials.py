"""The failures that are tried out, one after the other: of which calls, and how each fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.flow.clauses import only_says, throws
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.python_refusals import ANSWERED, asks
from cronshift.handlers.flow.work import is_work, throws_nothing, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.code import CodePlace, Function
    from cronshift.handlers.flow.following import Trace
    from cronshift.handlers.flow.ledger import Ledger, Site

_BODIES = (".json", ".text", ".blob", ".arrayBuffer", ".formData")
"""What reads an answer: it throws, and tells of nothing in what it gives."""
_READING = {"get", "join"}
_PARSED = "loads"
"""What gives a value of JSON: a dictionary, which only computes."""
_MOST_FAILURES = 30  # calls of the work whose failure is tried out
_MOST_LOOKS = 16  # and calls that only look
_MOST_REFUSALS = 20  # and calls that may tell of a failure in what they give
_MOST_A_GUARD = 3  # of those that one catch guards
_DEEPEST = 8  # functions of the project around a call whose failure is tried out


class Trial(Struct, frozen=True):
    """The failure of one call.

    Attributes:
        refused: whether the call tells of it in what it gives, instead of throwing.
        guard: what catches it, as far as that is told beforehand.
    """

    site: Site
    refused: bool
    guard: CodePlace | None


class Trials:
    """The failures of a run that are worth trying out, and the catches that are judged already."""

    def __init__(self, run: Trace) -> None:
        self._run = run
        self._left = {True: _MOST_FAILURES, False: _MOST_LOOKS}
        self._judged: set[CodePlace | None] = set()

    def __iter__(self) -> Iterator[Trial]:
        """Yield the failures that are thrown, then those that a result tells."""
        for site in _candidates(self._run):
            guard, kind = _guard(site, self._run.ledger), is_work(site)
            if guard not in self._judged and self._left[kind]:
                self._left[kind] -= 1
                yield Trial(site, refused=False, guard=guard)
        for site in _telling(self._run):
            yield Trial(site, refused=True, guard=_guard(site, self._run.ledger))

    def judge(self, place: CodePlace) -> None:
        """Take note that a catch is judged: another call that it guards fails no differently."""
        self._judged.add(place)


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
        and not (throws_nothing(site) or _is_plain(site))
        and not (site.name.endswith(_BODIES) and site.place in run.ledger.shielded)
        and not left & set(site.within)
    ]
    work = [site for site in chosen if is_work(site)]
    looks = [site for site in chosen if not (site.followed or is_work(site))]
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


def _is_plain(site: Site) -> bool:
    """Return whether a call of Python's only handles a value at hand, ``row.get("id")``, or makes one, ``Column(int)``."""
    if not is_python(site.place.file):
        return False
    owner, _, verb = site.name.rpartition(".")
    is_get = verb in _READING and not site.package
    is_made = verb[:1].isupper()
    return is_made or owner.endswith(_PARSED) or (is_get and ANSWERED.search(site.name) is None)


def _telling(run: Trace) -> list[Site]:
    """Return the calls out of the project whose results may tell of a failure."""
    left = _left_behind(run)
    chosen = [
        site
        for site in run.ledger.sites.values()
        if _is_asked(site, run.ledger)
        and not left & {site.place, *site.within}
        and not (site.followed or site.beside or site.rescuing or site.name.endswith(_BODIES))
        and (not is_python(site.place.file) or asks(site))
        and site.depth <= _DEEPEST
    ]
    chosen.sort(key=lambda site: (not is_work(site), not site.awaited, site.depth))
    return chosen[:_MOST_REFUSALS]


def _left_behind(run: Trace) -> set[CodePlace]:
    """Return the places of work that nobody waits for, of which that is told already."""
    ledger = run.ledger
    later = {place for place, _, _ in ledger.later}
    return later | ledger.handed_on({*ledger.behind, *(promise.place for promise in ledger.left())})


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


def _is_asked(site: Site, ledger: Ledger) -> bool:
    """Return whether a result like that of a call is asked anywhere whether it failed."""
    if is_python(site.place.file) or site.name == "fetch":
        return bool(ledger.telling)
    return site.name.rpartition(".")[2] in ledger.telling


def _unfailing(run: Trace) -> Iterator[CodePlace]:
    """Yield the calls into the project in which every call out of it is caught, wherever they stand, or nothing fails."""
    ledger, harmless = run.ledger, set()
    yield from _computing(ledger)
    for place, function in ledger.entered.items():
        if is_python(place.file) and only_says(function):
            yield place
    for place, site in ledger.sites.items():
        leading_out = [
            inner
            for inner in ledger.sites.values()
            if site.followed
            and place in inner.calls
            and (inner.awaited or is_python(inner.place.file))
            and not (inner.followed or inner.rescuing or _is_plain(inner))
        ]
        if (
            leading_out
            and not any(map(throws, _inside(site, ledger)))
            and all(
                inner.tries > site.tries or inner.place in ledger.shielded or throws_nothing(inner)
                for inner in leading_out
            )
        ):
            harmless.add(_entered(place, ledger))
            yield place
    yield from (place for place in ledger.sites if _entered(place, ledger) in harmless - {None})


def _computing(ledger: Ledger) -> Iterator[CodePlace]:
    """Yield the calls into the project that only compute, where the same ``try`` guards what leads out of it."""
    outmost = [
        site
        for site in ledger.sites.values()
        if not ((site.followed and site.place in ledger.entered) or _is_plain(site))
    ]
    leading_out = {_entered(place, ledger) for site in outmost for place in site.calls}
    guards = {
        site.guard
        for site in ledger.sites.values()
        if site.place not in ledger.entered or _entered(site.place, ledger) in leading_out
    }
    for place, function in ledger.entered.items():
        site = ledger.sites.get(place)
        computes = function.place not in leading_out and not throws(function)
        if computes and site is not None and site.followed and site.guard in guards:
            yield place


def _inside(site: Site, ledger: Ledger) -> Iterator[Function]:
    """Yield the function that a call leads into, and those that it calls where nothing catches their errors."""
    for place, inner in ledger.sites.items():
        is_inside = site.place in inner.calls and inner.tries <= site.tries
        if place in ledger.entered and (is_inside or place == site.place):
            yield ledger.entered[place]


def _entered(place: CodePlace, ledger: Ledger) -> CodePlace | None:
    """Return the place of the function of the project that a call leads into."""
    function = ledger.entered.get(place)
    return function.place if function is not None else None

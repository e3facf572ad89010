"""Gates before a handler, and whether a request passes them, is stopped, or nobody can tell."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.flow.following import ON, SHALLOWER, Passage, follow
from cronshift.handlers.flow.paths import OTHER_SIDE, error_status
from cronshift.handlers.flow.values import ObjectValue, PlainValue, Response, Unknown, is_nothing
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cronshift.handlers.flow.following import RequestEnding, Trace
    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.flow.values import Value
    from cronshift.handlers.flow.worlds import World

_REDIRECTS = range(300, 400)
_UNTOLD = "returns what only running it would tell"


class Way(StrEnum):
    """The ways in which a gate lets a request by."""

    NEXT = "next"
    """It calls its ``next``."""
    RETURN = "return"
    """It returns nothing."""
    HOOK = "hook"
    """It does either."""


class Gate(Struct, frozen=True):
    """Code that runs before a handler.

    Attributes:
        start: calls it.
        sure: whether it surely runs before the path.
        path: what it sees of the request's, where that is not the whole.
    """

    start: Callable[[Machine], Value | None]
    way: Way
    file: str
    line: int
    sure: bool = True
    path: str | None = None


class LetsBy(Struct, frozen=True):
    """The call goes on to its path."""


class Stops(Struct, frozen=True):
    """The call is answered before it reaches its path; ``how`` reads on from the place."""

    place: Location
    how: str


class Untold(Struct, frozen=True):
    """Only running the code would tell; ``why`` reads on from the place."""

    place: Location
    why: str


Standing = LetsBy | Stops | Untold


def follow_gate(program: Program, gate: Gate, world: World) -> Trace:
    """Return the trace of a request without a session at a gate."""
    path = world.path if gate.path is None else gate.path
    seen = replace(world, path=path, sessionless=True)
    trace = follow(program, seen, gate.start)
    for deepest, turns in SHALLOWER:
        if trace.exhausted:
            trace = follow(program, replace(seen, deepest=deepest, turns=turns), gate.start)
    return trace


def passage_of(gate: Gate, trace: Trace) -> Passage:
    """Return whether a request gets through a gate."""
    if not trace.is_complete:
        return Passage.MAYBE if trace.followed else Passage.YES
    best = Passage.NO if gate.sure else Passage.MAYBE
    for ending in trace.endings:
        for standing in _standings(gate, ending):
            if isinstance(standing, LetsBy) and not _is_doubted(gate, ending):
                return Passage.YES
            if not isinstance(standing, Stops):
                best = Passage.MAYBE
    return best


def standings_of(gate: Gate, trace: Trace) -> Iterator[Standing]:
    """Yield the verdicts of a gate on a request, one for each way that it may take."""
    here = Location(gate.file, gate.line)
    if trace.exhausted:
        yield Untold(here, "is more than is followed")
    for ending in trace.endings if trace.is_complete else ():
        for standing in _standings(gate, ending):
            doubts = sorted({*ending.path.doubts, *ending.path.unfollowed} - {OTHER_SIDE})
            is_doubted = isinstance(standing, LetsBy) and doubts
            yield Untold(here, doubts[0]) if is_doubted else standing


def _is_doubted(gate: Gate, ending: RequestEnding) -> bool:
    if gate.way is Way.RETURN:
        return ending.path.is_doubted
    return ending.path.is_doubted or (ON in ending.path.visited and ON not in ending.path.sure)


def _standings(gate: Gate, ending: RequestEnding) -> Iterator[Standing]:
    here = Location(gate.file, gate.line)
    place = ending.place
    at = Location(place.file, place.line) if place is not None and place.line else here
    if ON in ending.path.visited and gate.way is not Way.RETURN:
        yield LetsBy()
    elif ending.thrown:
        yield Stops(at, _thrown(ending))
    elif ending.path.answered is not None:
        yield _answered(ending.path.answered, at)
    elif isinstance(ending.value, Unknown) and ending.value.alternatives:
        for part in ending.value.alternatives:
            yield _returned(gate, part, at)
    else:
        yield _returned(gate, ending.value, at)


def _returned(gate: Gate, value: Value, at: Location) -> Standing:
    if isinstance(value, Response):
        return _answered(value, at)
    if is_nothing(value) or (isinstance(value, PlainValue) and value.value is True):
        return LetsBy() if gate.way is not Way.NEXT else Untold(at, "hands on to what is not followed")  # fmt: skip
    if isinstance(value, Unknown):
        source = value.package
        return Untold(at, f"returns what {source} makes of it" if source else _UNTOLD)
    if isinstance(value, PlainValue) and value.value is False:
        return LetsBy()
    return Stops(at, "answers itself")


def _answered(response: Response, at: Location) -> Standing:
    place = response.place
    there = Location(place.file, place.line) if place is not None and place.line else at
    if response.goes_on:
        return Untold(there, response.how) if response.how else LetsBy()
    return Stops(there, response.how or _by_status(response.status))


def _by_status(status: int | None) -> str:
    if status is None:
        return "answers itself"
    return "sends callers away" if status in _REDIRECTS else f"answers {status}"


def _thrown(ending: RequestEnding) -> str:
    error = ending.value
    how = error.cell.get("how") if isinstance(error, ObjectValue) else None
    if isinstance(how, PlainValue) and isinstance(how.value, str):
        return how.value
    status = error_status(error)
    return "throws" if status is None else _by_status(status)

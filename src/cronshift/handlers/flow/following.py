"""One request, followed to its endings: through the gates before a handler, and the handler."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cronshift.handlers.flow.answers import answer_of
from cronshift.handlers.flow.builtins import BUILTINS
from cronshift.handlers.flow.code import CodePlace
from cronshift.handlers.flow.ledger import Ledger
from cronshift.handlers.flow.library import member
from cronshift.handlers.flow.machine import Machine
from cronshift.handlers.flow.outside import outside
from cronshift.handlers.flow.paths import (
    Exhausted,
    Exit,
    Left,
    Path,
    Returned,
    Thrown,
    error_status,
    statuses,
)
from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    ObjectValue,
    Response,
    Taint,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.flow.worlds import World

SHALLOWER = ((14, 2), (5, 2), (4, 2), (3, 2))
"""How many calls inside calls are followed where all of them are too much, and elements of a list."""
_FAILED = 500
_REFUSED = 300
ON = CodePlace("", 0, 0)
"""Where a middleware lets the request go on, among the places that a way has visited."""

Start = "Callable[[Machine], Value]"


class Passage(StrEnum):
    """The verdict on whether a request gets through."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class RequestEnding(Struct, frozen=True):
    """One way a request ends.

    Attributes:
        statuses: those it may be answered with; none where that is not told.
        value: what is returned or thrown.
        place: of the statement that returns or throws it.
    """

    statuses: tuple[int | None, ...]
    value: Value
    path: Path
    thrown: bool = False
    place: CodePlace | None = None

    @property
    def refused(self) -> bool:
        """True when the caller is surely turned away, or told of a failure."""
        return self.thrown or (
            bool(self.statuses)
            and all(status is not None and status >= _REFUSED for status in self.statuses)
        )


class Trace(Struct, frozen=True):
    """The result of following a request.

    Attributes:
        exhausted: there was more than is followed; the one ending is how far it came.
        followed: whether there was anything to follow.
    """

    endings: tuple[RequestEnding, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)
    exhausted: bool = False
    followed: bool = True
    steps: int = 0

    @property
    def is_complete(self) -> bool:
        """True when every ending is known."""
        return self.followed and not self.exhausted and bool(self.endings)


def follow(program: Program, world: World, start: Callable[[Machine], Value | None]) -> Trace:
    """Return every way in which a request ends.

    Args:
        program: the project's code.
        world: the request and the environment.
        start: calls what is followed, and returns what comes of it; ``None`` where there is nothing.
    """
    machine = Machine(program, world, BUILTINS, member, outside)
    try:
        endings = tuple(_endings(machine, start))
    except (Exhausted, RecursionError):
        machine.ledger.take_sides_for_work()
        so_far = RequestEnding((), Unknown(), machine.path)
        return Trace((so_far,), machine.ledger, exhausted=True, steps=machine.steps)
    machine.ledger.take_sides_for_work()
    return Trace(endings, machine.ledger, followed=bool(endings), steps=machine.steps)


def _endings(machine: Machine, start: Callable[[Machine], Value | None]) -> list[RequestEnding]:
    last: Exit | None = None
    value: Value | None = None
    try:
        value = start(machine)
        if value is None:
            return []
        value = machine.awaited(value)
    except Thrown as thrown:
        last = Exit(thrown, machine.path)
    except Left:
        return []
    exits = [Exit(way.abrupt, way.path) for way in machine.tries[0]]
    if last is not None:
        return [_ending(way) for way in (*exits, last)]
    result = value if value is not None else Unknown()
    split = machine.splits.get(id(result))
    if split is not None and split[0] is result:
        return [_ending(way) for way in (*exits, *split[1])]
    return [_ending(way) for way in (*exits, Exit(Returned(result, machine.left_at), machine.path))]


def _ending(way: Exit) -> RequestEnding:
    abrupt = way.abrupt
    if isinstance(abrupt, Thrown):
        status = error_status(abrupt.value) or _FAILED
        return RequestEnding((status,), abrupt.value, way.path, thrown=True, place=abrupt.place)
    value = answer_of(abrupt.value) if isinstance(abrupt, Returned) else Unknown()
    place = abrupt.place if isinstance(abrupt, Returned) else None
    return RequestEnding(tuple(statuses(value, way.path)), value, way.path, place=place)


def goes_on() -> Native:
    """Return the ``next`` of a middleware; Express takes its argument for an error."""

    def on(machine: Machine, arguments: Arguments) -> Value:
        if _is_error(arguments.at(0)):
            status = error_status(arguments.at(0))
            how = "" if status is not None else "hands on an error"
            answer = Response(status or _FAILED, None, arguments.place, how=how)
            machine.path.answered = machine.path.answered or answer
            return answer
        machine.path.visit(ON)
        return Response(None, goes_on=True)

    return Native("next", on)


def _is_error(value: Value) -> bool:
    """Return whether what ``next`` is given is an error, which Express answers by its status."""
    if isinstance(value, ObjectValue):
        is_error = value.of is not None and value.of.code.name.endswith(("Error", "Exception"))
        return is_error or error_status(value) is not None
    is_caught = Taint.FAILURE in value.taints or (
        isinstance(value, Unknown) and value.name == "error"
    )
    return is_caught or (isinstance(value, Unknown) and value.name.endswith("Error"))

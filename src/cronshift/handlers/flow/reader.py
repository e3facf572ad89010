"""Reads one handler: its function, what stands in front of it, and what a request comes to."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from cronshift.handlers.flow.following import ON, Passage, RequestEnding, Trace, follow, passage
from cronshift.handlers.flow.handling import Gate, gates, handler_start
from cronshift.handlers.flow.values import Plain, Response, Unknown, truth
from cronshift.handlers.flow.worlds import World, vercel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers.flow.code import Place
    from cronshift.handlers.flow.ledger import Comparison
    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.flow.values import Value
    from cronshift.model import Handler


_SHALLOWER = (6, 4, 3)  # calls inside calls, where all of them are too much to follow


class Reader:
    """Follows requests to one handler.

    Args:
        program: the project's code.
        handler: what answers.
        path: of the entry, with its query.
        front: what the whole app runs before the path, its middleware.
    """

    def __init__(
        self, program: Program, handler: Handler, path: str, front: Sequence[Gate] = ()
    ) -> None:
        self.program, self.handler = program, handler
        self.world = vercel(path)
        self.front = tuple(front)

    def changed(self, world: World) -> Reader:
        """Return a reader of the same handler in another world."""
        other = Reader(self.program, self.handler, world.path, self.front)
        other.world = world
        return other

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """What runs before the handler."""
        inner = gates(self.program, self.handler, self.world.path)
        return (*self.front, *inner)

    @property
    def place(self) -> Place | None:
        """Where the handler's function begins; ``None`` where there is none to follow."""
        return self.scheduled.ledger.began

    def run(self, world: World, export: str | None = None) -> Trace:
        """Return what a request comes to that has passed what stands in front."""
        return follow(self.program, world, handler_start(self.program, self.handler, export))

    @cached_property
    def scheduled(self) -> Trace:
        """What Vercel's call comes to, with the secret set."""
        return self.run(self.world)

    def shallower(self) -> Reader:
        """Return a reader that follows fewer calls, where all of them are too much."""
        reader = self
        for deepest in _SHALLOWER:
            if not reader.scheduled.exhausted:
                break
            reader = self.changed(replace(self.world, deepest=deepest))
        return reader

    def before(self, world: World) -> tuple[Passage, list[Comparison], list[Gate]]:
        """Return whether a request passes what stands in front, and by whom it is turned away."""
        whole, compared, refusing = Passage.YES, [], []
        for gate in self.gates:
            run = follow(self.program, world, gate.start)
            compared += run.ledger.comparisons
            passed = passage_of(gate, run)
            if passed is Passage.NO:
                refusing.append(gate)
            whole = min(whole, passed, key=[Passage.NO, Passage.MAYBE, Passage.YES].index)
        return whole, compared, refusing


def passage_of(gate: Gate, run: Trace) -> Passage:
    """Return whether a request gets through a gate."""
    passed = _passage(gate, run)
    return Passage.MAYBE if passed is Passage.NO and not gate.sure else passed


def _passage(gate: Gate, run: Trace) -> Passage:
    if not run.is_complete:
        return Passage.MAYBE if run.followed else Passage.YES
    if not gate.by_next:
        passed = passage(run, _lets_by)
        return Passage.MAYBE if any(map(_is_unread, run.endings)) else passed
    by = [ending for ending in run.endings if ON in ending.path.visited]
    if any(ending.path.visited[ON] and not ending.path.is_doubted for ending in by):
        return Passage.YES
    return Passage.MAYBE if by else Passage.NO


def _is_unread(ending: RequestEnding) -> bool:
    """Return whether what a middleware answers cannot be told."""
    value = ending.value
    if isinstance(value, Response):
        return value.status is None and not value.goes_on
    return isinstance(value, Unknown) and not value.alternatives and not ending.thrown


def _lets_by(ending: RequestEnding) -> bool:
    """Return whether a middleware that returns lets the request go on."""
    if ending.refused:
        return False
    return all(_goes_on(value) for value in _parts(ending.value))


def _parts(value: Value) -> Iterator[Value]:
    if isinstance(value, Unknown) and value.alternatives:
        yield from value.alternatives
    else:
        yield value


def _goes_on(value: Value) -> bool:
    if isinstance(value, Response):
        return value.goes_on
    return not isinstance(value, Plain) or truth(value) is False


__all__ = ["Gate", "Reader"]

"""The reading of one handler: its function, its gates, and the endings of requests to it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.flow.following import SHALLOWER, Passage, Trace, follow
from cronshift.handlers.flow.fronts import gates_of
from cronshift.handlers.flow.gates import Gate, follow_gate, passage_of
from cronshift.handlers.flow.handling import handler_start
from cronshift.handlers.flow.worlds import World, vercel
from cronshift.model import HandlerKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.ledger import Comparison
    from cronshift.handlers.flow.program import Program
    from cronshift.model import Handler

_MERGING = {HandlerKind.NEXT_PAGES, HandlerKind.NODE_FUNCTION}


class HandlerReader:
    """The reader that follows requests to one handler.

    Args:
        program: the project's code.
        handler: what answers.
        path: of the entry, with its query.
        front: what the whole app runs before the path, its middleware.
        parameters: what the path gives the names of its route.
    """

    def __init__(
        self,
        program: Program,
        handler: Handler,
        path: str,
        front: Sequence[Gate] = (),
        parameters: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> None:
        self.program, self.handler = program, handler
        merged = handler.kind in _MERGING
        self.world = replace(vercel(path), parameters=parameters or {}, merged=merged)
        self.front = tuple(front)

    def changed(self, world: World) -> HandlerReader:
        """Return a reader of the same handler in another world."""
        other = HandlerReader(self.program, self.handler, world.path, self.front)
        other.world = world
        return other

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """The gates that run before the handler."""
        inner = gates_of(self.program, self.handler, self.world.path)
        return (*self.front, *inner)

    @property
    def place(self) -> CodePlace | None:
        """The place where the handler's function begins; ``None`` where there is none to follow."""
        return self.scheduled.ledger.began

    def run(self, world: World, export: str | None = None) -> Trace:
        """Return the trace of a request that has passed the gates."""
        return follow(self.program, world, handler_start(self.program, self.handler, export))

    @cached_property
    def scheduled(self) -> Trace:
        """The trace of Vercel's call, with the secret set."""
        return self.run(self.world)

    def shallower(self) -> HandlerReader:
        """Return a reader that follows fewer calls, where all of them are too much."""
        reader = self
        for deepest, turns in SHALLOWER:
            if not reader.scheduled.exhausted:
                break
            reader = self.changed(replace(self.world, deepest=deepest, turns=turns))
        return reader

    def before(self, world: World) -> tuple[Passage, list[Comparison]]:
        """Return whether a request passes the gates, and the comparisons there."""
        whole, compared = Passage.YES, []
        for gate in self.gates:
            trace = follow_gate(self.program, gate, world)
            compared += trace.ledger.comparisons
            passed = passage_of(gate, trace)
            whole = min(whole, passed, key=[Passage.NO, Passage.MAYBE, Passage.YES].index)
        return whole, compared

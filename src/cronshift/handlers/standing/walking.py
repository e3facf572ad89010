"""Walking through JavaScript for one call without a cookie: what becomes of it.

Nothing is executed. What is known of the call (its path, its method, that it has no session) is
followed through conditions, helpers and imports; where a condition is not known, both ways are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cronshift.handlers.javascript import line_of
from cronshift.handlers.literals import UNKNOWN
from cronshift.handlers.standing.answers import Answer, LetsBy, Stops, Untold
from cronshift.handlers.standing.expressions import Expressions, named, several
from cronshift.handlers.standing.scope import DEEPEST, Frame, declarators
from cronshift.handlers.standing.things import Closure, EndedError, Packaged, Several, equal, truth
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ast_grep_py import SgNode

    from cronshift.handlers.standing.things import Call
    from cronshift.handlers.tree import SourceTree

_MOST_WAYS = 400
_LONGEST_LIST = 60
_THROWING = re.compile(r"verify|decode|decrypt|jwt", re.IGNORECASE)


class Walker(Expressions):
    """Walks through a project's code for one call."""

    def __init__(self, tree: SourceTree, call: Call) -> None:
        super().__init__(tree, call)
        self._taken = 0

    def outcome(self, value: Any, given: Sequence[Any], place: Location) -> list[Answer]:
        """Return what becomes of the call at a function, by the ways that it may take."""
        self.ended = []
        try:
            got = self.called(value, list(given), place, DEEPEST)
        except EndedError as ended:
            return [*self.ended, *ended.answers]
        values = got.values if isinstance(got, Several) else (got,)
        return [*self.ended, *(_answer(one, place) for one in values)]

    def run(self, closure: Closure, given: list[Any], depth: int) -> Any:
        """Return what a function of the project's gives, on all its ways.

        Raises:
            EndedError: where the call is answered on each.
        """
        frame = Frame(closure.file, dict(closure.names), depth)
        single, listed = closure.node.field("parameter"), closure.node.field("parameters")
        parameters = [single] if single is not None else named(listed) if listed is not None else []
        for number, parameter in enumerate(parameters):
            self.bind(parameter, given[number] if number < len(given) else None, frame)
        body = closure.node.field("body")
        if body is None:
            return UNKNOWN
        if body.kind() != "statement_block":
            return self.value(body, frame)
        walk = _Walk(self, frame)
        walk.on(statements(body), frame)
        if not walk.returned:
            raise EndedError(*walk.ended)
        self.ended += walk.ended
        return several(walk.returned)

    def takes_another(self) -> bool:
        """Return whether one more way may be taken."""
        self._taken += 1
        return self._taken <= _MOST_WAYS


class _Walk:
    """One walk through a function: what is returned on its ways, and where the call ends."""

    def __init__(self, walker: Walker, frame: Frame) -> None:
        self._walker = walker
        self._file = frame.file
        self.returned: list[Any] = []
        self.ended: list[Answer] = []

    def on(self, rest: Sequence[SgNode], frame: Frame) -> None:
        """Walk on from some statements, on every way that they may take."""
        if not self._walker.takes_another():
            self.returned.append(UNKNOWN)
            return
        left = list(rest)
        while left:
            try:
                ways = self._step(left.pop(0), frame)
            except EndedError as stop:
                self.ended.extend(stop.answers)
                return
            if ways is None:
                return
            if len(ways) > 1:
                for way in ways:
                    self.on([*way, *left], frame.copied)
                return
            left = [*ways[0], *left]
        self.returned.append(None)

    def _step(self, node: SgNode, frame: Frame) -> list[list[SgNode]] | None:
        """Return the statements of each way on from one statement; ``None`` where none goes on."""
        kind, value = node.kind(), self._walker.value
        if kind == "return_statement":
            inner = named(node)
            self.returned.append(value(inner[0], frame) if inner else None)
            return None
        if kind == "throw_statement":
            value(node.child(1), frame)
            self.ended.append(Stops(Location(self._file, line_of(node)), "throws"))
            return None
        if kind in {"break_statement", "continue_statement"}:
            self.returned.append(None)
            return None
        if kind == "expression_statement":
            value(node.child(0), frame)
        for bound, held in declarators(node):
            self._walker.bind(bound, value(held, frame) if held is not None else None, frame)
        if kind == "function_declaration" and (own := node.field("name")) is not None:
            frame.names[own.text()] = Closure(frame.file, node, frame.names)
        if kind == "for_in_statement":
            return self._loop(node, frame)
        return self._branches(node, frame)

    def _branches(self, node: SgNode, frame: Frame) -> list[list[SgNode]]:
        """Return the ways on from a statement that holds others."""
        kind = node.kind()
        body = statements(node.field("body"))
        if kind == "statement_block":
            return [statements(node)]
        if kind == "if_statement":
            held = truth(self._walker.value(node.field("condition"), frame))
            ways = [statements(node.field("consequence")), statements(node.field("alternative"))]
            return ways if held is UNKNOWN else [ways[0] if held else ways[1]]
        if kind == "try_statement":
            handler = node.field("handler")
            caught = handler is not None and _THROWING.search(node.text()) is not None
            own = [*body, *statements(node.field("finalizer"))]
            return [own, statements(handler.field("body"))] if caught and handler else [own]
        if kind == "switch_statement":
            return self._cases(node, frame)
        if kind in {"while_statement", "do_statement", "for_statement"}:
            return [body, []]
        return [[]]

    def _loop(self, node: SgNode, frame: Frame) -> list[list[SgNode]] | None:
        """Go through a list that is known, element by element; else both ways are open."""
        listed = self._walker.value(node.field("right"), frame)
        bound, body = node.field("left"), statements(node.field("body"))
        if not isinstance(listed, list) or bound is None or len(listed) > _LONGEST_LIST:
            return [body, []]
        for one in listed:
            inner = _Walk(self._walker, frame)
            self._walker.bind(bound, one, frame)
            inner.on(body, frame)
            self.ended += inner.ended
            told = [value for value in inner.returned if value is not None]
            self.returned += told
            if len(told) == len(inner.returned):
                return None
        return [[]]

    def _cases(self, node: SgNode, frame: Frame) -> list[list[SgNode]]:
        """Return the ways that a ``switch`` may take."""
        about, body = self._walker.value(node.field("value"), frame), node.field("body")
        cases = [one for one in named(body) if one.kind().startswith("switch_")] if body else []
        told = [
            equal(about, self._walker.value(case.field("value"), frame))
            if case.kind() == "switch_case"
            else None
            for case in cases
        ]
        sure = told.index(True) if True in told else None
        chosen = [at for at, same in enumerate(told[:sure]) if same is UNKNOWN]
        usual = told.index(None) if None in told else None
        last = sure if sure is not None else usual
        ways = [_until_break(cases[at:]) for at in [*chosen, *([] if last is None else [last])]]
        return ways if last is not None else [*ways, []]


def statements(node: SgNode | None) -> list[SgNode]:
    """Return the statements of a block, of an ``else``, or of what stands there alone."""
    if node is None:
        return []
    if node.kind() == "statement_block":
        return named(node)
    if node.kind() in {"else_clause", "finally_clause"}:
        return [inner for one in named(node) for inner in statements(one)]
    return [node]


def _until_break(cases: Sequence[SgNode]) -> list[SgNode]:
    """Return the statements from a case on, as far as none breaks out."""
    found: list[SgNode] = []
    for case in cases:
        held = case.field("value")
        for one in named(case):
            if one.kind() == "break_statement":
                return found
            if held is None or one.range() != held.range():
                found.append(one)
    return found


def _answer(value: Any, place: Location) -> Answer:
    """Return what a returned value means for the call: nothing returned lets it by."""
    if isinstance(value, LetsBy | Stops | Untold):
        return value
    if value is None or value is True:
        return LetsBy()
    if isinstance(value, Packaged):
        return Untold(value.place, f"returns what {value.source} makes of it")
    return Untold(place, "returns what only running it would tell")

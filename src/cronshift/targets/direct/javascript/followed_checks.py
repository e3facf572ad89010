"""Checks of the caller that are not plain to read: following the call proves what they are.

The call is followed as Vercel makes it, and as a stranger does. It is a check where Vercel's is let by
whatever the query and every other variable are, the stranger's is not, and nothing is called that leads out of
the project.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.flow.code import CodePlace
from cronshift.handlers.flow.following import Trace, follow
from cronshift.handlers.flow.program import Program
from cronshift.handlers.flow.requests import REQUEST as FOLLOWED_REQUEST
from cronshift.handlers.flow.values import Arguments, Closure, PlainValue, Response, Value, truth
from cronshift.handlers.flow.worlds import anybody, vercel
from cronshift.handlers.javascript import FUNCTIONS, line_of
from cronshift.handlers.literals import UNKNOWN, literal
from cronshift.targets.direct.javascript.handler import every
from cronshift.targets.direct.javascript.subjects import (
    ANSWER,
    CREDENTIAL,
    ELSEWHERE,
    NOTHING,
    REQUEST,
    Subjects,
    with_compared,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ast_grep_py import SgNode

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.javascript.subjects import ScriptScope

_ASSIGNING = {"assignment_expression", "augmented_assignment_expression", "update_expression"}
_CHANGING = frozenset(
    ["add", "clear", "delete", "increment", "pop", "push", "set", "shift", "splice", "unshift"]
)
_BOUND = {
    "arrow_function": ("parameter", "parameters"),
    "catch_clause": ("parameter",),
    "for_in_statement": ("left",),
    "function_declaration": ("parameters",),
    "function_expression": ("parameters",),
    "method_definition": ("parameters",),
}
"""The parts of nodes that bind names."""


def followed_check(name: str, passed: Sequence[SgNode], scope: ScriptScope) -> Subjects:
    """Return the subjects of a call that only checks who calls; none where that is not proven."""
    values = [_value(each, scope) for each in passed]
    if FOLLOWED_REQUEST not in values or None in values:
        return NOTHING
    start = _calling(scope.file, name, tuple(each for each in values if each is not None))
    program = _program(scope.tree)
    world = replace(vercel("/"), query=None)
    by_vercel = follow(program, world, start)
    compared = {
        variable for each in by_vercel.ledger.comparisons if each.equal for variable in each.secrets
    }
    others = {f"env:{each}" for each in by_vercel.ledger.variables - compared} - ELSEWHERE
    leads_out = any(not site.followed for site in by_vercel.ledger.sites.values())
    if not compared or others or leads_out or by_vercel.ledger.cut:
        return NOTHING
    if any(_remembers(scope.tree, each.place) for each in by_vercel.ledger.entered.values()):
        return NOTHING
    answering = _refusing(follow(program, anybody(world), start), _outcome(by_vercel))
    if answering is None:
        return NOTHING
    answers = frozenset({ANSWER} if answering else ())
    return with_compared(frozenset({CREDENTIAL, *(f"env:{each}" for each in compared)})) | answers


def _value(node: SgNode, scope: ScriptScope) -> Value | None:
    """Return an argument as it is followed: the request, or what is written out."""
    if node.kind() == "identifier" and scope.names.get(node.text()) == frozenset({REQUEST}):
        return FOLLOWED_REQUEST
    written = literal(node)
    return None if written is UNKNOWN or isinstance(written, dict | list) else PlainValue(written)


def _calling(file: str, name: str, passed: tuple[Value, ...]) -> Callable[[Machine], Value | None]:
    def start(machine: Machine) -> Value | None:
        called = machine.named_in(file, name)
        if not isinstance(called, Closure):
            return None
        return machine.call(called, Arguments(passed, {}, CodePlace(file, 1, 1), name))

    return start


def _outcome(trace: Trace) -> bool | None:
    """Return whether what a call gives counts as true, however it ends; ``None`` where that is not known."""
    outcomes = {None if each.thrown else truth(each.value) for each in trace.endings}
    return outcomes.pop() if trace.is_complete and len(outcomes) == 1 else None


def _refusing(trace: Trace, letting: bool | None) -> bool | None:
    """Return whether a stranger is refused with an answer; ``None`` where he may be let by."""
    if letting is None or not trace.is_complete:
        return None
    if any(not each.thrown and truth(each.value) is not (not letting) for each in trace.endings):
        return None
    return any(isinstance(each.value, Response) for each in trace.endings)


def _remembers(tree: SourceTree, place: CodePlace) -> bool:
    """Return whether a function keeps something for the next call, or is not found."""
    root = tree.parsed(place.file)
    functions = (
        [each for each in every(root) if each.kind() in FUNCTIONS and line_of(each) == place.line]
        if root is not None
        else []
    )
    return not functions or any(_changes_others(each) for each in functions)


def _changes_others(function: SgNode) -> bool:
    """Return whether a function changes what is not its own."""
    nodes = list(every(function))
    patterns = [node.field("name") for node in nodes if node.kind() == "variable_declarator"]
    patterns += [node.field(name) for node in nodes for name in _BOUND.get(str(node.kind()), ())]
    names = {part.text() for each in patterns if each is not None for part in every(each)}
    changed = [
        node.field("left") or node.field("argument") for node in nodes if node.kind() in _ASSIGNING
    ]
    for node in nodes:
        called = node.field("function") if node.kind() == "call_expression" else None
        method = called.field("property") if called is not None else None
        if method is not None and method.text() in _CHANGING:
            changed.append(called)
    return any(_owner(each) not in names for each in changed)


def _owner(node: SgNode | None) -> str:
    """Return the name at which a chain of members begins."""
    while node is not None and (inner := node.field("object")) is not None:
        node = inner
    return node.text() if node is not None else ""


@lru_cache(maxsize=2)
def _program(tree: SourceTree) -> Program:
    return Program(tree)

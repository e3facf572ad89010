"""Functions that one call of ``createFunction`` makes: one a row of a table, or one a call of what makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, arguments, locally
from cronshift.handlers.literals import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

    Named = Mapping[str, SgNode]
    """The parameters of the function around a call, each with what it stands for."""

NAMES = frozenset({"identifier", "shorthand_property_identifier"})
_WRAPPED = frozenset({"as_expression", "satisfies_expression", "parenthesized_expression"})
_EACH = frozenset({"map", "flatMap"})
_MOST = 1_000  # of one call


def made_of(tree: SourceTree, file: str, call: SgNode) -> list[Named]:
    """Return the meanings of the parameters around a call, one for every function that it makes."""
    around = next((node for node in call.ancestors() if node.kind() in FUNCTIONS), None)
    if around is None:
        return [{}]
    rows = list(_rows(tree, file, around)) or list(_calls(around))
    return [named for row in rows[:_MOST] if (named := _named(around, row))] or [{}]


def node_of(node: SgNode, named: Named) -> SgNode | None:
    """Return the value of a parameter, or of a member of one; ``None`` for anything else."""
    if node.kind() in NAMES:
        return named.get(node.text())
    owner, member = node.field("object"), node.field("property")
    row = named.get(owner.text()) if owner is not None else None
    if row is None or member is None:
        return None
    return dict(pairs(row)).get(member.text()) if row.kind() == "object" else None


def _rows(tree: SourceTree, file: str, function: SgNode) -> Iterator[list[SgNode]]:
    """Yield the rows of ``TABLE.map((row) => …)``, each as what the function is called with."""
    passed = function.parent()
    call = passed.parent() if passed is not None and passed.kind() == "arguments" else None
    called = call.field("function") if call is not None else None
    method, table = (called.field(name) if called else None for name in ("property", "object"))
    if method is None or table is None or method.text() not in _EACH:
        return
    if table.kind() == "identifier":
        definition = locally(tree, file, table.text())
        table = definition.node if definition is not None else table
    while table.kind() in _WRAPPED:
        inner = next((child for child in table.children() if child.is_named()), None)
        if inner is None:
            return
        table = inner
    for row in table.children() if table.kind() == "array" else ():
        if row.is_named() and row.kind() != "comment":
            yield [row]


def _calls(function: SgNode) -> Iterator[list[SgNode]]:
    """Yield the arguments of every call of a function in its module, where it has a name."""
    above = function.parent()
    bound = function.field("name")
    if bound is None and above is not None and above.kind() == "variable_declarator":
        bound = above.field("name")
    if bound is None:
        return
    for call in function.get_root().root().find_all(kind="call_expression"):
        called = call.field("function")
        if called is not None and called.text() == bound.text():
            yield arguments(call)


def _named(function: SgNode, passed: list[SgNode]) -> dict[str, SgNode]:
    """Return the values of a function's parameters by their names, in one call."""
    single = function.field("parameter")
    parameters = function.field("parameters")
    nodes = [single] if single is not None else parameters.children() if parameters else []
    taken = [node.field("pattern") or node for node in nodes if node.is_named()]
    named: dict[str, SgNode] = {}
    for parameter, value in zip(taken, passed, strict=False):
        if parameter.kind() == "identifier":
            named[parameter.text()] = value
        elif parameter.kind() == "object_pattern" and value.kind() == "object":
            members = dict(pairs(value))
            named |= {
                name: members[name]
                for part in parameter.children()
                if part.is_named() and (name := part.text()) in members
            }
    return named

"""The names that a failure leaves as they were: the rest of a ``try`` would have set them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.flow import code
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    FAILED,
    STALE,
    ListValue,
    ObjectValue,
    PlainValue,
    Scope,
    Taint,
    Value,
    key_of,
    tainted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.machine import Machine

_ADDING = {"push", "append", "add", "set", "unshift", "extend", "update"}


def leave_stale(
    machine: Machine,
    body: Sequence[code.Statement | code.Expression],
    scope: Scope,
    since: CodePlace | None,
) -> None:
    """Mark the names that statements would have set from a place on: a failure left them as they were."""
    for target in _targets(body, since) if since is not None else ():
        cell, name = _cell(machine, target, scope)
        value = cell.get(name)
        if value is None or Taint.FAILURE in value.taints:
            continue
        if isinstance(value, ListValue | ObjectValue):
            value.taints |= STALE
        else:
            machine.write(cell, name, _stale(value))


def _cell(
    machine: Machine, target: code.Name | code.Member, scope: Scope
) -> tuple[dict[str, Value], str]:
    """Return the cell in which a name or a member stands, and its name there."""
    if isinstance(target, code.Member):
        owner = machine.value(target.owner, scope)
        name = key_of(machine.value(target.key, scope)) or ""
        return owner.cell if isinstance(owner, ObjectValue) else {}, name
    at: Scope | None = scope
    while at is not None and target.name not in at.names:
        at = at.parent
    return at.names if at is not None else {}, target.name


def _stale(value: Value) -> Value:
    """Return a value that is not what it would be; a ``false`` says so."""
    is_false = isinstance(value, PlainValue) and value.value is False
    return tainted(value, FAILED if is_false else STALE)


def _targets(nodes: Sequence[object], since: CodePlace) -> Iterator[code.Name | code.Member]:
    """Yield the names and members that are set, or added to, from a place on."""
    for node in nodes:
        if _is_behind(getattr(node, "place", None), since):
            yield from _set_by(node)
        if isinstance(node, code.Function):
            yield from _targets(node.body(), since) if node.is_arrow else ()
        elif isinstance(node, tuple):
            yield from _targets(node, since)
        elif isinstance(node, Struct):
            yield from _targets([getattr(node, name) for name in node.__struct_fields__], since)


def _set_by(node: object) -> Iterator[code.Name | code.Member]:
    """Yield the names and members that a node sets, or adds to."""
    match node:
        case code.Assigned(target=code.NamePattern(name)):
            yield code.Name(name)
        case code.Bind(pattern=code.NamePattern(name)) if is_python(node.place.file):
            yield code.Name(name)
        case code.Assigned(target=code.Member() as member):
            yield member
        case code.Bind(pattern=code.Member() as member):
            yield member
        case code.CallExpression(called=code.Member(owner=owner, key=code.Constant(value=verb))):
            if verb in _ADDING and isinstance(owner, code.Name | code.Member):
                yield owner


def _is_behind(place: CodePlace | None, since: CodePlace) -> bool:
    if place is None or place.file != since.file:
        return False
    return (place.line, place.column) >= (since.line, since.column)

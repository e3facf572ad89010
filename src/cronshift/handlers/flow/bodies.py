"""The body of the request, which a tick does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import Arguments, PlainValue, Taint, Unknown, Value, truth

if TYPE_CHECKING:
    from cronshift.handlers.flow.machine import Machine

_QUERY = frozenset({Taint.QUERY})


def whole_body(_machine: Machine, _arguments: Arguments) -> Value:
    """Read ``request.text()``: nothing is known of it."""
    return Unknown(_QUERY, name="body")


def parsed_body(machine: Machine, arguments: Arguments) -> Value:
    """Read ``request.json()``: a tick has no body, and nothing that is parsed is an error."""
    machine.ask("body")
    if machine.world.bodied or machine.world.method != "GET":
        return whole_body(machine, arguments)
    if truth(arguments.named.get("silent", PlainValue(value=False))):
        return PlainValue(None)
    error = Unknown(_QUERY, name="error")
    if is_python(arguments.place.file):
        raise Thrown(error, arguments.place)
    return machine.promise(error, arguments.place, arguments.name, rejected=True)

"""The built-in members of values of each kind, in JavaScript and in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.environment import elsewhere
from cronshift.handlers.flow.lists import TURNING, of_list, turned
from cronshift.handlers.flow.memory import keep_instead
from cronshift.handlers.flow.nobody import member_of_nobody
from cronshift.handlers.flow.operations import contained
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.promises import of_promise
from cronshift.handlers.flow.refusals import TELLING
from cronshift.handlers.flow.requests import of_address
from cronshift.handlers.flow.texts import TEXT_METHODS, of_text
from cronshift.handlers.flow.values import (
    NOTHING,
    Arguments,
    ClassValue,
    Closure,
    ListValue,
    Native,
    NativeObject,
    ObjectValue,
    Outside,
    PlainValue,
    Promise,
    Response,
    Taint,
    Unknown,
    Value,
    is_nobody,
    items_of,
    key_of,
    taints_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.machine import Machine


def member(machine: Machine, owner: Value, name: str) -> Value | None:
    """Return a member of a value of a kind that is built in; ``None`` where it has none."""
    reading = _MEMBERS.get(type(owner))
    return reading(machine, owner, name) if reading is not None else None


def _of_plain(machine: Machine, owner: PlainValue, name: str) -> Value | None:
    return member_of_nobody(name) if is_nobody(owner) else of_text(machine, owner, name)


def _of_native(machine: Machine, owner: Native, name: str) -> Value:
    meaning = machine.builtins.get(f"{owner.name}.{name}")
    return meaning or Native(f"{owner.name}.{name}", _nothing, owner.taints)


def _of_class(_machine: Machine, owner: ClassValue, name: str) -> Value | None:
    return Native(name, lambda m, a: _view(m, owner, a)) if name == "as_view" else None


def _view(machine: Machine, owner: ClassValue, arguments: Arguments) -> Value:
    """Read Django's ``Run.as_view()``."""
    from cronshift.handlers.flow.django import view_method

    return view_method(machine, owner, arguments.place) or Unknown()


def _of_closure(_machine: Machine, owner: Closure, name: str) -> Value:
    if name in {"bind", "call", "apply"}:
        return Native(name, lambda m, a: _applied(m, owner, name, a))
    return Unknown(name=name)


def _nothing(_machine: Machine, arguments: Arguments) -> Value:
    return Unknown(arguments.taints)


def _applied(machine: Machine, owner: Closure, name: str, arguments: Arguments) -> Value:
    if name == "bind":
        return owner
    values = arguments.values[1:]
    if name == "apply" and values and isinstance(values[0], ListValue):
        values = values[0].elements.values
    return machine.call(owner, Arguments(values, {}, arguments.place, arguments.name))


def _of_fields(_machine: Machine, owner: ObjectValue, name: str) -> Value | None:
    if name == "get":
        return Native(name, lambda m, a: _got(m, owner, a))
    if name in {"has", "hasOwnProperty"}:
        return Native(name, lambda m, a: contained(m, owner, a.at(0), None))
    if name in {"values", "items", "entries", "keys"}:
        return Native(name, lambda _m, _a: items_of(*_listed(owner, name), is_open=True))
    if name in {"set", "update", "setdefault", "append"}:
        return Native(name, lambda m, a: _opened(m, owner, name, a))
    return None


def _listed(owner: ObjectValue, name: str) -> Iterator[Value]:
    """Yield the keys of a dict or a map, its values, or the pairs of both."""
    for key, value in owner.cell.items():
        pair = PlainValue(key), value
        yield items_of(*pair) if name in {"items", "entries"} else pair[name == "values"]


def _got(machine: Machine, owner: ObjectValue, arguments: Arguments) -> Value:
    name = key_of(arguments.at(0))
    if name is not None and name in owner.cell:
        return owner.cell[name]
    if isinstance(owner.rest, NativeObject):  # {**defaults, **os.environ}
        return machine.call(machine.member(owner.rest, "get"), arguments)
    if owner.open or name is None:
        return Unknown(taints_of(owner))
    return arguments.at(1) if len(arguments.values) > 1 else NOTHING


def _opened(machine: Machine, owner: ObjectValue, name: str, arguments: Arguments) -> Value:
    for argument in arguments.values:
        machine.consume(argument)
    keep_instead(machine, owner, name, arguments)
    owner.open = True
    owner.taints |= arguments.taints
    return owner


def _of_answer(machine: Machine, owner: Response, name: str) -> Value | None:
    machine.ledger.heard = machine.ledger.heard or Taint.FAILURE in owner.taints
    if name in {"status", "status_code", "statusCode"}:
        return PlainValue(owner.status, owner.taints) if owner.status is not None else Unknown()
    if name == "ok":
        if owner.status is None:
            return Unknown()
        return PlainValue(owner.status < 300, owner.taints)  # noqa: PLR2004
    if name == "status" and owner.body is not None:
        return Unknown()
    return Native(name, lambda _m, _a: owner.body or Unknown())


def _of_outside(machine: Machine, owner: Outside, name: str) -> Value:
    key = f"{owner.name}.{name}"
    for meaning in (f"{owner.package}:{name}" if owner.package else "", key):
        if meaning and meaning in machine.builtins:
            return machine.builtins[meaning]
    if owner.package and owner.name == owner.package and name in machine.builtins:
        return machine.builtins[name]
    if name in {"then", "catch", "finally"}:
        return Native(name, lambda m, a: _chained(m, owner, name, a))
    variable = elsewhere(machine, owner.package, name) if owner.package else None
    if variable is not None:
        return variable
    if name in TURNING and not owner.package:
        return Native(name, lambda m, a: _turned_unknown(m, Unknown(name=owner.name), name, a))
    return Outside(key, owner.package, owner.taints)


def _of_unknown(machine: Machine, owner: Unknown, name: str) -> Value | None:
    if owner.name == "request.url" and name == "path":  # Starlette's
        return PlainValue(machine.world.path)
    if owner.name == "request.url" and (method := of_address(name)) is not None:
        return method
    if name in {"then", "catch", "finally"}:
        return Native(name, lambda m, a: _chained(m, owner, name, a))
    if name in TURNING:
        return Native(name, lambda m, a: _turned_unknown(m, owner, name, a))
    if name in TEXT_METHODS:
        return Native(name, lambda _m, a: Unknown(owner.taints | a.taints))
    if name in TELLING:
        machine.ledger.telling.add(owner.name)
    named = f"{owner.name}.{name}" if owner.name else name
    return Unknown(owner.taints, name=named, package=owner.package)


def _turned_unknown(machine: Machine, owner: Unknown, name: str, arguments: Arguments) -> Value:
    if any(isinstance(argument, Closure | Native) for argument in arguments.values):
        return turned(machine, owner, name, arguments)
    return Unknown(owner.taints | arguments.taints, name=name)


def _chained(machine: Machine, owner: Unknown | Outside, name: str, arguments: Arguments) -> Value:
    """Read ``.then``, ``.catch`` and ``.finally`` of a call that is not followed: it is a promise, but for Python."""
    if is_python(arguments.place.file):  # pl.when(…).then(…) describes a column
        return Unknown(owner.taints | arguments.taints, name=name, package=owner.package)
    place = owner_place(owner) or arguments.place
    promise = machine.promise(Unknown(owner.taints), place, arguments.name.rpartition(".")[0])
    chained = of_promise(machine, promise, name)
    return machine.call(chained, arguments) if chained is not None else Unknown()


def owner_place(owner: Value) -> CodePlace | None:
    """Return the place of the call that a value came from, if it is told."""
    return getattr(owner, "place", None)


_MEMBERS: dict[type, Callable[..., Value | None]] = {
    PlainValue: _of_plain,
    ListValue: of_list,
    Promise: of_promise,
    NativeObject: lambda machine, owner, name: owner.member(machine, name),
    ObjectValue: _of_fields,
    Response: _of_answer,
    Outside: _of_outside,
    Native: _of_native,
    Closure: _of_closure,
    ClassValue: _of_class,
    Unknown: _of_unknown,
}

"""The members of lists, in JavaScript and in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.memory import keep_instead
from cronshift.handlers.flow.operations import MANY, contained
from cronshift.handlers.flow.values import (
    FAILED,
    NOTHING,
    QUIETLY_FAILED,
    Arguments,
    Elements,
    ListValue,
    Native,
    PlainValue,
    Promise,
    Unknown,
    Value,
    items_of,
    quieted,
    tainted,
    taints_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.handlers.flow.machine import Machine

_MOST_TURNS, _MOST_PLAIN_TURNS = 6, 64
TURNING = {
    "map",
    "filter",
    "flatMap",
    "forEach",
    "find",
    "findIndex",
    "some",
    "every",
    "reduce",
    "sort",
}


def of_list(_machine: Machine, owner: ListValue, name: str) -> Value | None:
    """Return a member of a list."""
    if name in {"length", "size"}:
        return _length(owner)
    if name in {"push", "append", "add", "unshift", "extend"}:
        return Native(name, lambda m, a: _added(m, owner, name, a))
    if name in TURNING:
        return Native(name, lambda m, a: turned(m, owner, name, a))
    if name in {"includes", "has", "__contains__"}:
        return Native(name, lambda m, a: contained(m, owner, a.at(0), a.place))
    if name in {"flat", "concat", "slice"}:
        return Native(name, lambda _m, a: _strung(owner, name, a))
    if name == "join":
        return Native(name, lambda _m, a: _joined(owner, a))
    if name == "pop" and not owner.elements.open:
        return Native(name, lambda _m, a: _picked(owner, a, otherwise=-1))
    if name in {"get", "at", "pop", "shift"}:
        return Native(name, lambda _m, a: _picked(owner, a))
    return Native(name, lambda _m, a: items_of(is_open=True, taints=taints_of(owner) | a.taints))


def _length(owner: ListValue) -> Value:
    """Return the length of a list; alone it tells nobody that one of its items is of a failure."""
    taints = quieted(taints_of(owner))
    elements = owner.elements
    least = PlainValue(len(elements.values), taints)
    if elements.grown and not elements.open:  # by every turn of a loop of which one is followed
        return Unknown(taints, (least, PlainValue(MANY, taints)))
    return Unknown(taints) if elements.open else least


def _joined(owner: ListValue, arguments: Arguments) -> Value:
    """Read ``parts.join("/")``: the text, where all of its parts are told."""
    elements, separator = owner.elements, text_of(arguments.at(0))
    texts = [text_of(part) for part in elements.values]
    if elements.open or (arguments.values and separator is None) or None in texts:
        return Unknown(taints_of(owner))
    between = separator if separator is not None else ","
    return PlainValue(between.join(text for text in texts if text is not None), taints_of(owner))


def _strung(owner: ListValue, name: str, arguments: Arguments) -> Value:
    """Read ``lists.flat()``, ``rows.concat(more)``, and ``rows.slice(…)``, which gives some of them."""
    whole, is_open = list(owner.elements.values), owner.elements.open
    added = arguments.values if name == "concat" else ()
    values: list[Value] = []
    for part in (*whole, *added) if name == "flat" else added:
        is_list = isinstance(part, ListValue)
        values += part.elements.values if isinstance(part, ListValue) else (part,)
        is_open = is_open or not is_list or (isinstance(part, ListValue) and part.elements.open)
    if name != "flat":
        values = [*whole, *values]
    is_open = is_open or (name == "slice" and bool(arguments.values) and bool(whole))
    return items_of(*values, is_open=is_open, taints=owner.taints)


def _picked(owner: ListValue, arguments: Arguments, otherwise: int = 0) -> Value:
    elements, number = owner.elements, arguments.at(0)
    if elements.values and isinstance(number, PlainValue) and isinstance(number.value, int):
        return elements.values[number.value] if number.value < len(elements.values) else NOTHING
    return elements.values[otherwise] if elements.values else Unknown(owner.taints)


def _added(machine: Machine, owner: ListValue, name: str, arguments: Arguments) -> Value:
    keep_instead(machine, owner, name, arguments)
    elements = owner.elements
    added = arguments.values
    if machine.in_trouble:
        taints = FAILED if machine.is_loud else QUIETLY_FAILED
        added = tuple(tainted(value, taints) for value in added)
    values = (*elements.values, *added)
    is_grown = elements.grown or machine.uncounted > 0
    machine.write(owner.cell, "items", Elements(values, elements.open, is_grown))
    return PlainValue(len(values))


def turns_of(machine: Machine, owner: ListValue) -> tuple[Value, ...]:
    """Return the elements of a list that are gone through one by one, and one for all others.

    Where all is too much to be followed, the first few stand for the others too.
    """
    elements = owner.elements
    is_plain = all(isinstance(value, PlainValue) for value in elements.values)
    most = machine.world.turns or (_MOST_PLAIN_TURNS if is_plain else _MOST_TURNS)
    if len(elements.values) > most:
        rest = () if machine.world.turns else (Unknown(taints_of(owner)),)
        return (*elements.values[:most], *rest)
    if not elements.values and elements.open:
        return (Unknown(owner.taints),)
    return elements.values


def turned(machine: Machine, owner: Value, name: str, arguments: Arguments) -> Value:
    """Return the result of ``map``, ``filter`` and their like on a list, or on an unknown value."""
    called = arguments.at(0)
    if isinstance(owner, ListValue):
        turns = turns_of(machine, owner)
        is_open = owner.elements.open or len(turns) != len(owner.elements.values)
    else:
        turns, is_open = (Unknown(taints_of(owner)),), True
    if name == "reduce" and len(arguments.values) > 1:
        return _reduced(machine, turns, called, arguments)
    machine.uncounted += is_open
    results = [
        machine.call(
            called, Arguments((turn, PlainValue(0), owner), {}, arguments.place, arguments.name)
        )
        for turn in turns
    ]
    machine.uncounted -= is_open
    return _made(machine, owner, name, arguments, (turns, results, is_open))


def _reduced(
    machine: Machine, turns: Sequence[Value], called: Value, arguments: Arguments
) -> Value:
    """Return the result of ``reduce`` from the value that it begins with."""
    whole = arguments.at(1)
    for turn in turns:
        passed = Arguments((whole, turn), {}, arguments.place, arguments.name)
        whole = machine.call(called, passed)
    return whole


def _made(
    machine: Machine,
    owner: Value,
    name: str,
    arguments: Arguments,
    made: tuple[Sequence[Value], list[Value], bool],
) -> Value:
    turns, results, is_open = made
    if name == "forEach":
        for result in results:
            if isinstance(result, Promise) and result.dropped is None:
                result.dropped = machine.statement
        return NOTHING
    if name in {"map", "flatMap"}:
        return items_of(*results, is_open=is_open, taints=quieted(owner.taints))
    if name == "filter":
        kept = [
            turn
            for turn, result in zip(turns, results, strict=True)
            if _true(machine, result, arguments) is not False
        ]
        sure = all(_true(machine, result, arguments) is not None for result in results)
        taints = quieted(taints_of(owner, *kept, *results))
        return items_of(*kept, is_open=is_open or not sure, taints=taints)
    if name in {"some", "every"}:
        return _of_all(machine, name, results, arguments, is_open=is_open)
    if name == "find":
        for turn, result in zip(turns, results, strict=True):
            if _true(machine, result, arguments):
                return turn
        sure = all(_true(machine, result, arguments) is False for result in results) and not is_open
        return NOTHING if sure else Unknown(taints_of(owner, *results))
    return Unknown(taints_of(owner, *results))


def _true(machine: Machine, value: Value, arguments: Arguments) -> bool | None:
    return machine.truth(value, machine.module(arguments.place.file))


def _of_all(
    machine: Machine, name: str, results: list[Value], arguments: Arguments, *, is_open: bool
) -> Value:
    answers = [_true(machine, result, arguments) for result in results]
    taints = taints_of(*results)
    deciding = name == "some"
    if deciding in answers:
        return PlainValue(deciding, taints)
    if None in answers or is_open:
        return Unknown(taints)
    return PlainValue(not deciding, taints)

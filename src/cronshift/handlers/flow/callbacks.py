"""Calls that tell of their end by calling back, ``db.run(sql, (error, rows) => …)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import NamePattern
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    FAILED,
    Arguments,
    Closure,
    ObjectValue,
    PlainValue,
    Taint,
    Unknown,
    Value,
)
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.handlers.flow.code import Parameter, Pattern
    from cronshift.handlers.flow.machine import Machine

_ERROR = lazy_pattern(r"_?(?:e|er|err|error)|\w+(?:Err|Error)")
_OTHERS = lazy_pattern(
    r"(?:^|\.)(?:on|once|use|then|catch|addListener|addEventListener|listen|connect|authenticate|verify|"
    r"each\w*|map\w*|for[A-Z]\w*|retry\w*|with[A-Z]\w*|\w*[hH]andler)$"
)
"""What calls back with an error that is not its own, or takes no time of its own."""


def error_callback(name: str, arguments: Arguments) -> Closure | None:
    """Return the function that a call is given to hear of its error first; ``None`` where there is none."""
    last = arguments.values[-1] if arguments.values else None
    if is_python(arguments.place.file) or not isinstance(last, Closure) or _OTHERS.search(name):
        return None
    parameters = last.function.parameters
    first = parameters[0].pattern if parameters else None
    is_told = isinstance(first, NamePattern) and _ERROR.fullmatch(first.name) is not None
    return last if is_told and Taint.CREDENTIAL not in arguments.taints else None


def called_back(machine: Machine, callback: Closure, name: str, arguments: Arguments) -> Value:
    """Return the promise of a call that goes on until it calls back: nobody else hears of its error."""
    place = arguments.place
    machine.ledger.shielded[place] = callback.function.place
    error: Value = PlainValue(None)
    if machine.fails(place):
        machine.path.failed = True
        machine.catch(callback.function.place)
        error = ObjectValue({"message": Unknown(FAILED)}, open=True, taints=FAILED)
    results = handed_in(callback.function.parameters[1:])
    for argument in arguments.values:
        machine.consume(argument)
    passed = Arguments((error, *results), {}, place, name)
    made = machine.promised(place, name, lambda: machine.call(callback, passed))
    if not made.rejected:
        made.value = Unknown(name=name.rpartition(".")[2])
    return made


def handed_in(parameters: Sequence[Parameter]) -> tuple[Unknown, ...]:
    """Return the unknown values that a package hands a callback, named as its parameters are."""
    return tuple(Unknown(name=_name_of(parameter.pattern)) for parameter in parameters)


def _name_of(pattern: Pattern) -> str:
    """Return the name of a parameter; that of an error says more than is known."""
    name = pattern.name if isinstance(pattern, NamePattern) else ""
    return "given" if not name or name.lower().endswith(("error", "err")) else name

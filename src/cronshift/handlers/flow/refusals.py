"""Failures that a call tells in its result, ``response.ok`` or ``{ error }``, with no exception."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from msgspec.structs import replace

from cronshift.handlers.flow import code
from cronshift.handlers.flow.values import (
    FAILED,
    QUIETLY_FAILED,
    ListValue,
    NativeObject,
    ObjectValue,
    Outside,
    PlainValue,
    Response,
    Taint,
    Unknown,
    Value,
    items_of,
    tainted,
    taints_of,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.values import Taints

TELLING = frozenset({"ok", "error", "status", "status_code", "is_success", "is_error"})
"""The members by which the result of a call tells that it failed."""
_HEARD = TELLING | {"data", "count", "statusText", "success", "id", "length"}
"""The members by which somebody looks at a result at all."""
WORDS = "words"
"""The name of a text that a function gives where something failed, in place of what it is asked for."""
REFUSED = "refused"
"""The data of a result that tells of a failure."""
_REFUSED = 500
_DENIED = ("ok", "success")
_DATA = frozenset({"data", "count"})
"""The members that are null where a client that throws nothing tells of an error."""


def refused_answer(machine: Machine) -> Value:
    """Return the response of ``fetch`` where the other side answers 500."""
    machine.path.failed = True
    return Response(_REFUSED, NativeObject("refusal", _of_refusal, data=REFUSED), taints=FAILED)


def _of_refusal(_machine: Machine, member: str) -> Value:
    """Return a member of the body of a refusal: ``ok: false``, or a text of it."""
    return PlainValue(value=False, taints=FAILED) if member in _DENIED else Unknown(FAILED)


def refused_result(name: str) -> Value:
    """Return the result of a client that tells of errors in ``{ error }``."""

    def of(machine: Machine, member: str) -> Value:
        if machine.world.emptied and member in _DATA:
            return PlainValue(None, FAILED)
        machine.ledger.heard = machine.ledger.heard or member in _HEARD
        if member == "error":
            return ObjectValue({"message": Unknown(FAILED)}, open=True, taints=FAILED)
        return Unknown(name=member)

    return NativeObject(name, of, data=REFUSED)


def hangs(taints: Taints) -> bool:
    """Return whether something hangs on a failure: it was made by it, or left as it was."""
    return bool(taints & {Taint.FAILURE, Taint.STALE})


def decides_by_failure(machine: Machine, test: Value) -> bool:
    """Return whether a condition that is known hangs on the failure that is tried out."""
    return machine.path.failed and hangs(taints_of(test))


def of_failure(machine: Machine, value: Value, written: code.Expression | None = None) -> Value:
    """Return the result of a call that fails: ``false``, ``{ sent: 0, error }``.

    A zero tells nobody why, nor does what was there before: ``{ name, sent: 0 }``.
    """
    if isinstance(value, ObjectValue):
        before = set(_taken_over(written))
        cell = {
            key: tainted(part, QUIETLY_FAILED)
            if key in before and Taint.FAILURE not in taints_of(part)
            else of_failure(machine, part)
            for key, part in value.cell.items()
        }
        taints = FAILED if value.open and machine.is_loud else QUIETLY_FAILED
        return ObjectValue(cell, value.open, value.taints | taints, value.of)
    if isinstance(value, ListValue):
        parts = (of_failure(machine, part) for part in value.elements.values)
        taints = value.taints | QUIETLY_FAILED  # how many there are tells nobody why
        return items_of(*parts, is_open=value.elements.open, taints=taints)
    made = marked(machine, value)
    return replace(made, name=WORDS) if _is_text(made, written) else made


def _is_text(value: Value, written: code.Expression | None) -> TypeGuard[Unknown]:
    """Return whether a value is a text of the error, ``f"Error: {error}"``."""
    is_written = isinstance(written, code.Joined) and isinstance(value, Unknown)
    return is_written and Taint.LOUD in value.taints


def marked(machine: Machine, value: Value) -> Value:
    """Return a text, a number or a result that was made where something failed.

    A ``false``, a word and a number say so; nothing, a zero and a ``true`` do not.
    """
    if Taint.FAILURE in value.taints or not isinstance(value, PlainValue | Unknown | Outside):
        return value
    content = value.value if isinstance(value, PlainValue) else None
    says_so = content is not True and (content is False or truth(value) is True)
    return tainted(value, FAILED if says_so and machine.is_loud else QUIETLY_FAILED)


def _taken_over(written: code.Expression | None) -> Iterator[str]:
    """Yield the names in an object under which stands what a variable held before."""
    for key, value in written.entries if isinstance(written, code.ObjectExpression) else ():
        if isinstance(key, code.Constant) and isinstance(value, code.Name | code.Member):
            yield str(key.value)


def failing_side(machine: Machine, test: Value) -> bool | None:
    """Return the outcome of a condition where the work failed, if it may come out otherwise too."""
    if not machine.path.failed or not isinstance(test, Unknown):
        return None
    outcomes = {truth(part) for part in test.alternatives if Taint.FAILURE in taints_of(part)}
    return outcomes.pop() if len(outcomes) == 1 else None


def handed_on(machine: Machine, value: Value, place: CodePlace) -> Value:
    """Return a function's result; one that tells of a refusal, ``{ ok: false }``, is caught."""
    if not (machine.world.refused and machine.path.failed and isinstance(value, ObjectValue)):
        return value
    denied = any(_is_false(value.cell.get(key)) for key in _DENIED)
    error = value.cell.get("error")
    tells = denied or (error is not None and truth(error) is not False)
    if not tells or not (machine.catching or Taint.FAILURE in taints_of(value)):
        return value
    machine.path.caught = machine.path.caught or machine.path.decided or place
    return of_failure(machine, value)


def _is_false(value: Value | None) -> bool:
    return isinstance(value, PlainValue) and value.value is False

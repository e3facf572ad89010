"""The results of operators, as far as their operands are known."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import UNDEFINED, Undefined
from cronshift.handlers.flow.ledger import CALLER, Comparison
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    QUIETLY_FAILED,
    ClassValue,
    Closure,
    ListValue,
    Native,
    ObjectValue,
    Outside,
    PlainValue,
    Promise,
    Taint,
    Unknown,
    Value,
    is_error,
    is_nothing,
    items_of,
    taints_of,
    text_of,
)
from cronshift.handlers.flow.values import (
    truth as truth_of,
)
from cronshift.handlers.flow.worlds import ANY, SecretLength, secrets_in
from cronshift.handlers.stand_ins import stand_in_of

if TYPE_CHECKING:
    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.names import NameLookup
    from cronshift.handlers.flow.values import Scope, Taints

_ORDERED = {"<", "<=", ">", ">="}
MANY = 1_000_000
"""The length of a list that a loop makes as long as it likes."""
_MOST_TEXT = 4_000
_OF_BROWSERS = {"window", "document", "localStorage", "sessionStorage", "Deno", "Bun"}
"""Globals that Node.js has not."""
_LONGEST_SCHEME = 12


def operate(
    machine: NameLookup,
    operator: str,
    values: list[Value],
    scope: Scope,
    place: CodePlace | None = None,
) -> Value:
    """Return the result of an operator."""
    taints = taints_of(*values)
    if Taint.STALE in taints and operator != "+":
        taints |= QUIETLY_FAILED  # all - good, sent === all
    if operator == "join":
        return _joined(values, scope, taints)
    if operator in {"==", "!=", "^"} and len(values) == 2:  # noqa: PLR2004 - both sides
        return _told_apart(machine, operator, values, place)
    if operator == "not":
        truth = machine.truth(values[0], scope)
        return _negated(values[0], taints) if truth is None else PlainValue(not truth, taints)
    if operator in {"in", "not in"} and len(values) == 2:  # noqa: PLR2004 - both sides
        return contained(machine, values[1], values[0], place, negated=operator == "not in")
    if operator == "typeof":
        return _type_of(values[0])
    if operator == "void":
        if isinstance(values[0], Promise) and values[0].dropped is None:
            values[0].dropped = machine.statement
        return PlainValue(UNDEFINED)
    if len(values) == 2:  # noqa: PLR2004 - both sides
        return _of_two(operator, values, scope, taints)
    return Unknown(taints)


def _of_two(operator: str, values: list[Value], scope: Scope, taints: Taints) -> Value:
    is_added = operator == "+" and is_python(scope.file)
    if is_added and any(isinstance(value, ListValue) for value in values):
        return _strung(values, taints)
    result = _ordered if operator in _ORDERED else _calculated
    return result(operator, values[0], values[1], taints)


def _told_apart(
    machine: NameLookup, operator: str, values: list[Value], place: CodePlace | None
) -> Value:
    """Return whether two values are the same, or differ; for ``a ^ b`` of characters zero or one."""
    left, right = values
    if operator != "^":
        return compared(machine, left, right, place, negated=operator == "!=")
    if text_of(left) is None or text_of(right) is None:
        return Unknown(taints_of(*values))
    differ = compared(machine, left, right, place, negated=True, constant_time=True)
    if not isinstance(differ, PlainValue):
        return differ
    return PlainValue(int(differ.value is True), differ.taints)


def _negated(value: Value, taints: Taints) -> Value:
    """Return ``!value``, of a value that is one of a few each by itself."""
    parts = value.alternatives if isinstance(value, Unknown) else ()
    outcomes = [(truth_of(part), taints_of(part)) for part in parts]
    whole = tuple(
        PlainValue(not outcome, part) for outcome, part in outcomes if outcome is not None
    )
    return Unknown(taints, whole if len(whole) == len(parts) else ())


def _strung(values: list[Value], taints: Taints) -> Value:
    """Return the list of what several lists hold; one that is not told stands in it as one element."""
    lists = [value for value in values if isinstance(value, ListValue)]
    parts = [
        value.elements.values if isinstance(value, ListValue) else (value,) for value in values
    ]
    is_open = len(lists) < len(values) or any(value.elements.open for value in lists)
    return items_of(*(part for each in parts for part in each), is_open=is_open, taints=taints)


def _joined(values: list[Value], scope: Scope, taints: Taints) -> Value:
    """Return the text of a template; an unset variable reads as its language writes nothing."""
    written = []
    for value in values:
        if not isinstance(value, PlainValue):
            return Unknown(taints)
        written.append(written_as(value, scope.file))
    return PlainValue("".join(written), taints)


def written_as(value: PlainValue, file: str) -> str:
    """Return a plain value as a text."""
    content = value.value
    if isinstance(content, Undefined):
        return "None" if is_python(file) else "undefined"
    if content is None:
        return "None" if is_python(file) else "null"
    if isinstance(content, bool):
        return str(content) if is_python(file) else str(content).lower()
    return str(content)


def compared(  # noqa: PLR0913 - two values, and how they are compared
    machine: NameLookup,
    left: Value,
    right: Value,
    place: CodePlace | None,
    *,
    negated: bool = False,
    constant_time: bool = False,
) -> Value:
    """Return whether two values are the same, and take note where a credential meets a secret."""
    taints = taints_of(left, right)
    equal = _is_equal(left, right)
    meets = _meets(taints_of(left), taints_of(right))
    equal = True if meets and machine.world.anyone else equal
    if place is not None and meets:
        text = "".join(text_of(side) or "" for side in (left, right))
        secrets, sites = secrets_in(text), len(machine.ledger.sites)
        written = "" if secrets else _written(left, right)
        machine.ledger.comparisons.append(
            Comparison(place, equal, secrets, constant_time, sites, written)
        )
    if equal is None:
        return Unknown(taints)
    return PlainValue(equal is not negated, taints)


def _written(left: Value, right: Value) -> str:
    """Return the text that stands for a variable which is not set."""
    side = next((value for value in (left, right) if not value.taints & CALLER), None)
    return text_of(side) or "" if side is not None else ""


def _meets(first: Taints, second: Taints) -> bool:
    """Return whether one side is made of the request and the other of the environment."""
    return any(
        side & CALLER and Taint.SECRET in other and not other & CALLER
        for side, other in ((first, second), (second, first))
    )


def _is_equal(left: Value, right: Value) -> bool | None:
    if isinstance(left, Unknown) and left.alternatives:
        answers = {_is_equal(alternative, right) for alternative in left.alternatives}
        return answers.pop() if len(answers) == 1 else None
    if isinstance(right, Unknown) and right.alternatives:
        return _is_equal(right, left)
    if (is_error(left) and is_nothing(right)) or (is_error(right) and is_nothing(left)):
        return False
    if isinstance(left, Unknown | Outside) or isinstance(right, Unknown | Outside):
        return None
    if not isinstance(left, PlainValue) or not isinstance(right, PlainValue):
        if any(
            isinstance(side, ObjectValue) and side.open and not side.cell for side in (left, right)
        ):
            return False if is_nothing(left) or is_nothing(right) else None  # it may be a text
        return left is right if not (is_nothing(left) or is_nothing(right)) else False
    return _is_same(left, right)


def _is_same(left: PlainValue, right: PlainValue) -> bool | None:
    first, second = left.value, right.value
    if not isinstance(first, str) or not isinstance(second, str):
        if _is_asked_length(left, right) or _is_asked_length(right, left):
            return None
        if is_nothing(left) and is_nothing(right):
            return True
        return first == second and isinstance(first, bool) == isinstance(second, bool)
    if first == second:
        return True
    if ANY in first or ANY in second:
        other = second if ANY in first else first
        written = other.startswith(("Bearer ", "Basic ")) and len(other) > _LONGEST_SCHEME
        return not (secrets_in(other) or written)  # a secret may be written into the code
    if bool(secrets_in(first)) == bool(secrets_in(second)):
        return False
    plain = right if secrets_in(first) else left
    if Taint.QUERY in plain.taints and plain.value and stand_in_of(str(plain.value)) is None:
        return None  # the secret may be written into the path
    return False if plain.taints & CALLER or not plain.value else None


def _is_asked_length(length: PlainValue, number: PlainValue) -> bool:
    """Return whether a secret's length is compared with a number that the code says."""
    is_length, is_other = (_is_secret_length(value.value) for value in (length, number))
    return is_length and not is_other and not number.taints


def _is_secret_length(value: object) -> bool:
    return isinstance(value, SecretLength)


def contained(
    machine: NameLookup,
    whole: Value,
    part: Value,
    place: CodePlace | None,
    *,
    negated: bool = False,
) -> Value:
    """Return whether something is in a text, a list or an object."""
    taints = taints_of(whole, part)
    if isinstance(whole, ListValue):
        outcomes = [compared(machine, element, part, place) for element in whole.elements.values]
        decided = [outcome.value for outcome in outcomes if isinstance(outcome, PlainValue)]
        if True in decided:
            return PlainValue(not negated, taints)
        if len(decided) == len(outcomes) and not whole.elements.open:
            return PlainValue(negated, taints)
        return Unknown(taints)
    if isinstance(whole, ObjectValue) and not whole.open and (name := text_of(part)) is not None:
        return PlainValue((name in whole.cell) is not negated, taints)
    text, sought = text_of(whole), text_of(part)
    if text is None or sought is None:
        return Unknown(taints)
    if ANY in {text, sought}:
        is_in = not (secrets_in(text) or secrets_in(sought))
        return PlainValue(is_in is not negated, taints)
    is_in = sought in text
    if not is_in and secrets_in(text) and not sought:
        return Unknown(taints)
    if secrets_in(text) and not is_in and not part.taints & CALLER:
        return Unknown(taints)
    return PlainValue(is_in is not negated, taints)


def _type_of(value: Value) -> Value:
    """Return ``typeof value``: of a browser's global ``undefined``, on the server that answers."""
    if isinstance(value, Unknown):
        return Unknown(value.taints)
    if isinstance(value, Closure | ClassValue | Native):
        return PlainValue("function", value.taints)
    if isinstance(value, Outside):
        if not value.package and value.name in _OF_BROWSERS:
            return PlainValue("undefined", value.taints)
        kinds = (PlainValue(kind, value.taints) for kind in ("object", "function"))
        return Unknown(value.taints, tuple(kinds))
    content = value.value if isinstance(value, PlainValue) else value
    if isinstance(content, Undefined):
        return PlainValue("undefined", value.taints)
    names = {str: "string", bool: "boolean", int: "number", float: "number"}
    return PlainValue(names.get(type(content), "object"), value.taints)


def _ordered(operator: str, left: Value, right: Value, taints: Taints) -> Value:
    """Return whether one value is less than another; of a length that is one of two, each of them."""
    sides = [_lengths(left), _lengths(right)]
    outcomes = [_calculated(operator, first, second, taints) for first, second in product(*sides)]
    decided = {outcome.value for outcome in outcomes if isinstance(outcome, PlainValue)}
    is_whole = len(decided) == 1 and all(isinstance(it, PlainValue) for it in outcomes)
    return outcomes[0] if is_whole else Unknown(taints)


def _lengths(value: Value) -> tuple[Value, ...]:
    """Return the lengths of which a value is one; what a loop counts is not told by a turn or two."""
    few = value.alternatives if isinstance(value, Unknown) else ()
    return few if any(isinstance(it, PlainValue) and it.value == MANY for it in few) else (value,)


def _calculated(operator: str, left: Value, right: Value, taints: Taints) -> Value:
    if not isinstance(left, PlainValue) or not isinstance(right, PlainValue):
        return Unknown(taints)
    first, second = left.value, right.value
    if operator == "+" and (isinstance(first, str) or isinstance(second, str)):
        text = written_as(left, "") + written_as(right, "")
        return PlainValue(text[:_MOST_TEXT], taints)
    if isinstance(first, int | float) and isinstance(second, int | float):
        return _number(operator, first, second, taints)
    return Unknown(taints)


def _number(operator: str, first: float, second: float, taints: Taints) -> Value:
    if operator in _ORDERED:
        answers = {
            "<": first < second,
            "<=": first <= second,
            ">": first > second,
            ">=": first >= second,
        }
        return PlainValue(answers[operator], taints)
    if operator in {"+", "-"}:
        return PlainValue(first + second if operator == "+" else first - second, taints)
    if operator == "*":
        return PlainValue(first * second, taints)
    if operator == "|" and isinstance(first, int) and isinstance(second, int):
        return PlainValue(first | second, taints)
    return Unknown(taints)

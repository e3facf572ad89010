"""The answer that a builder builds, in the words of the call that asks for it."""

from __future__ import annotations

import re
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import FUNCTIONS, arguments
from cronshift.handlers.literals import UNKNOWN, literal, pairs, text_of
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.javascript.handler import every
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

_GLOBAL = {"Date", "JSON", "String", "Number", "Boolean", "Error", "Math", "Object", "Array"}
_GLOBAL |= {"NextResponse", "Response", "undefined", "console"}
_TYPES = {"type_annotation", "type_arguments", "type_parameters"}
_CASTS = {"as_expression", "satisfies_expression", "non_null_expression"}
_NAMES = {"identifier", "shorthand_property_identifier"}
_ATOMS = {"identifier", "string", "number", "true", "false", "null", "member_expression"}
_DOING = {"call_expression", "new_expression", "await_expression", "assignment_expression"}
_DOING |= {"update_expression", "augmented_assignment_expression", "yield_expression"}
_CHOOSING = {"ternary_expression", "binary_expression", "if_statement"}
_COMPARING = {"===": eq, "==": eq, "!==": ne, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_PURE = re.compile(r"String|Number|Boolean|JSON\.stringify|\w*Error")
_MOVED, _KEPT = "\0", "\1"
"""Ends of lines in what a call says: the next line goes with its answer, or stays where it stood."""

Values = dict[str, "SgNode | None"]
"""What names of a builder stand for; ``None`` for what is not given."""


class UnclearError(Exception):
    """A function does more than to build an answer of what it is given."""


class Builder(Struct, frozen=True):
    """A function that builds an answer.

    Attributes:
        parameters: their names, each with its default.
        logged: the statements before, which only write to the log.
        added: the conditions under which more is done with the answer.
        values: names that it declares, for what they are.
        answer: the expression that builds it.
    """

    parameters: tuple[tuple[str, SgNode | None], ...]
    logged: tuple[SgNode, ...]
    added: tuple[SgNode, ...]
    values: Values
    answer: SgNode


def logged_lines(builder: Builder, call: SgNode) -> list[str]:
    """Return the statements that a builder writes to the log by, in the words of a call."""
    values = _values_in(builder, call)
    return [_substituted(node, values).replace(_MOVED, "\n") for node in builder.logged]


def _values_in(builder: Builder, call: SgNode) -> Values:
    """Return the values of a builder's parameters in a call; ``None`` for one that is not there."""
    there = arguments(call)
    is_spread = any(node.kind() == "spread_element" for node in there)
    if is_spread or len(there) > len(builder.parameters):
        raise UnclearError
    values: Values = {}
    for number, (name, default) in enumerate(builder.parameters):
        node = there[number] if number < len(there) else default
        if number >= len(there) and default is not None and literal(default) is UNKNOWN:
            raise UnclearError
        values[name] = None if node is not None and node.text() == "undefined" else node
    return values


def written_answer(builder: Builder, call: SgNode) -> str:
    """Return the answer that a call has built, in the words of the call."""
    values = _values_in(builder, call)
    if not all(_is_unasked(statement, values) for statement in builder.added):
        raise UnclearError
    whole = [builder.answer, *builder.values.values(), *builder.logged]
    named = [
        node for part in whole if part is not None for node in every(part) if node.kind() in _NAMES
    ]
    uses = [node for node in named if node.text() in values]
    if any([node.text() for node in named].count(name) != 1 for name in builder.values):
        raise UnclearError
    doing = [name for name, node in values.items() if node is not None and _does(node)]
    if doing:
        _refuse_reordering(uses, values, doing)
        if builder.logged:
            raise UnclearError
    written = _substituted(builder.answer, {**values, **builder.values}, values)
    return _laid_out(written, lead_of(builder.answer), lead_of(call))


def _refuse_reordering(uses: list[SgNode], values: Values, doing: list[str]) -> None:
    """Refuse what would be done in another order, more than once, or perhaps not at all."""
    read = [
        name
        for name, node in values.items()
        if name in doing or (node is not None and literal(node) is UNKNOWN)
    ]
    if [node.text() for node in uses if node.text() in read] != read:
        raise UnclearError
    for node in uses:
        if node.text() in doing and any(above.kind() in _CHOOSING for above in node.ancestors()):
            raise UnclearError


def lead_of(node: SgNode) -> str:
    """Return the white space at the beginning of a node's line."""
    text = node.get_root().root().text()
    line = text.rfind("\n", 0, span_of(node)[0]) + 1
    lead = re.match(r"[ \t]*", text[line:])
    return lead[0] if lead is not None else ""


def _laid_out(written: str, was: str, lead: str) -> str:
    """Return an expression whose lines begin where the call's do; those of its values go with them."""
    first, *rest = written.split("\n")
    lines = [first.replace(_MOVED, "\n")]
    for line in rest:
        inner = line.removeprefix(was)
        deeper = inner[: len(inner) - len(inner.lstrip(" \t"))]
        lines.append(f"{lead}{inner}".replace(_MOVED, f"\n{deeper}") if line.strip() else line)
    return "\n".join(lines).replace(_KEPT, "\n")


def _quoted(node: SgNode, text: str) -> str:
    """Return a value's text with its lines' ends marked: those of a long text must stay as they are."""
    is_text = any(each.kind() == "template_string" and "\n" in each.text() for each in every(node))
    call = next((above for above in node.ancestors() if above.kind() == "call_expression"), node)
    if not is_text:
        text = text.replace(f"\n{lead_of(node)}", f"\n{lead_of(call)}")
    return text.replace("\n", _KEPT if is_text else _MOVED)


def _is_unasked(statement: SgNode, values: Values) -> bool:
    """Return whether a condition asks for a value that is not given."""
    condition = statement.field("condition")
    inner = condition.child(1) if condition is not None else None
    operator = inner.field("operator") if inner is not None else None
    if inner is not None and operator is not None and operator.text() in {"!==", "!="}:
        right = inner.field("right")
        is_nothing = right is not None and right.text() in {"undefined", "null"}
        is_strict_null = operator.text() == "!==" and right is not None and right.text() == "null"
        return is_nothing and not is_strict_null and _is_missing(inner.field("left"), values)
    return _is_missing(inner, values)


def _does(node: SgNode) -> bool:
    """Return whether an expression does something, so that it may be neither left out nor repeated."""
    for inner in every(node):
        called = inner.field("function") or inner.field("constructor")
        if inner.kind() in FUNCTIONS:
            return True
        if inner.kind() in _DOING and (called is None or not _PURE.fullmatch(called.text())):
            return True
    return False


def _substituted(node: SgNode, values: Values, passed: Values | None = None) -> str:
    """Return an expression's text with the names of a builder as what they stand for.

    Args:
        node: of the builder.
        values: by name; what stands for one that it declares may speak of its parameters.
        passed: the values of its parameters, as the call has them.
    """
    passed = values if passed is None else passed
    start = span_of(node)[0]
    return spliced(
        node.text(),
        [(first - start, last - start, text) for first, last, text in _parts(node, values, passed)],
    )


def _parts(node: SgNode, values: Values, passed: Values) -> Iterator[Splice]:
    """Yield the spans of a builder's expression that differ where it stands in a call's place."""
    kind = node.kind()
    if kind in FUNCTIONS or kind == "this":
        raise UnclearError
    if kind in _TYPES:
        yield Splice(*span_of(node), "")
        return
    if kind in _CASTS and (inner := node.child(0)) is not None:
        yield Splice(span_of(inner)[1], span_of(node)[1], "")
        yield from _parts(inner, values, passed)
        return
    if kind in {"object", "arguments"}:
        yield from _members(node, values, passed)
        return
    if kind == "binary_expression" and _is_missing(node.field("left"), values):
        right, operator = node.field("right"), node.field("operator")
        if right is not None and operator is not None and operator.text() in {"??", "||"}:
            yield Splice(span_of(node)[0], span_of(right)[0], "")
            yield from _parts(right, values, passed)
            return
    if kind == "binary_expression" and (truth := _compared(node, values)) is not None:
        yield Splice(*span_of(node), "true" if truth else "false")
        return
    if kind in _NAMES:
        yield from _name(node, values, passed)
        return
    for child in node.children():
        yield from _parts(child, values, passed)


def _compared(node: SgNode, values: Values) -> bool | None:
    """Return the truth of a comparison of two numbers; ``None`` of anything else."""
    sides = [side for name in ("left", "right") if (side := node.field(name)) is not None]
    left, right = (literal(values.get(side.text(), side) or side) for side in sides)
    operator = node.field("operator")
    compare = _COMPARING.get(operator.text()) if operator is not None else None
    if compare is None or not isinstance(left, int) or not isinstance(right, int):
        return None
    return bool(compare(left, right)) if bool not in {type(left), type(right)} else None


def _name(node: SgNode, values: Values, passed: Values) -> Iterator[Splice]:
    name = node.text()
    if name not in values:
        if name not in _GLOBAL:
            raise UnclearError
        if name == "NextResponse":
            yield Splice(*span_of(node), "Response")
        return
    value = values[name]
    text = "undefined" if value is None else _quoted(value, value.text())
    if value is not None and name not in passed:
        text = _substituted(value, values, passed)
    is_whole = value is None or value.kind() in _ATOMS | {"object", "template_string", "array"}
    parent = node.parent()
    if not is_whole and parent is not None and parent.kind() not in {"arguments", "pair"}:
        text = f"({text})" if node.kind() == "identifier" else text
    is_short = node.kind() != "identifier" and text != name
    yield Splice(*span_of(node), f"{name}: {text}" if is_short else text)


def _members(node: SgNode, values: Values, passed: Values) -> Iterator[Splice]:
    """Yield the spans of an object or of arguments that differ: members without a value are left out."""
    children = [
        child for child in node.children() if child.is_named() and child.kind() != "comment"
    ]
    last, gap = span_of(node)[0] + 1, None
    for child in children:
        start, end = span_of(child)
        if _is_left_out(child, values):
            gap = start if gap is None else gap
            continue
        if gap is not None:
            if node.kind() == "arguments":
                raise UnclearError
            yield Splice(gap, start, "")
        yield from _member(child, node, values, passed)
        last, gap = end, None
    if gap is not None:
        yield Splice(last, span_of(children[-1])[1], "")


def _is_left_out(member: SgNode, values: Values) -> bool:
    """Return whether nothing is given for a member: JSON has none without a value."""
    value = member.field("value") if member.kind() == "pair" else member
    return _is_missing(value, values) or _is_missing(_conditional(member)[0], values)


def _member(member: SgNode, node: SgNode, values: Values, passed: Values) -> Iterator[Splice]:
    condition, inner = _conditional(member)
    if inner is not None and _is_truthy(condition, values):
        (start, end), (first, last) = span_of(member), _content(inner)
        yield Splice(start, first, "")
        yield from _members(inner, values, passed)
        yield Splice(last, end, "")
    elif condition is not None and (members := _flat(condition, node, values)) is not None:
        yield Splice(*span_of(member), members)
    else:
        yield from _parts(member, values, passed)


def _content(node: SgNode) -> tuple[int, int]:
    """Return the span of an object's members."""
    members = [child for child in node.children() if child.is_named()] or [node]
    return span_of(members[0])[0], span_of(members[-1])[1]


def _flat(name: SgNode, node: SgNode, values: Values) -> str | None:
    """Return the members of an object that is spread, where none of them is named beside it."""
    value = values.get(name.text()) if name.kind() == "identifier" else None
    if value is None or value.kind() != "object":
        return None
    beside = {key for key, _ in pairs(node)}
    if beside & {key for key, _ in pairs(value)}:
        return None
    return _quoted(value, value.text()[1:-1].strip().rstrip(","))


def _conditional(member: SgNode) -> tuple[SgNode | None, SgNode | None]:
    """Return the condition and the object of ``...(x && { x })``, and of what is spread alone."""
    if member.kind() != "spread_element":
        return None, None
    inner = next((child for child in member.children() if child.is_named()), None)
    if inner is not None and inner.kind() == "parenthesized_expression":
        inner = inner.child(1)
    if inner is None or inner.kind() not in {"binary_expression", "ternary_expression"}:
        return inner, None
    is_choice = inner.kind() == "ternary_expression"
    condition = inner.field("condition" if is_choice else "left")
    chosen, operator = inner.field("consequence" if is_choice else "right"), inner.field("operator")
    other = inner.field("alternative")
    is_plain = is_choice or (operator is not None and operator.text() == "&&")
    is_empty = other is None or "".join(other.text().split()) == "{}"
    if not is_plain or not is_empty or chosen is None or chosen.kind() != "object":
        return None, None
    return condition, chosen


def _is_missing(node: SgNode | None, values: Values) -> bool:
    is_name = node is not None and node.kind() in _NAMES and node.text() in values
    return is_name and node is not None and values[node.text()] is None


def _is_truthy(node: SgNode | None, values: Values) -> bool:
    """Return whether a name stands for what is never false: a text, or a number but 0."""
    value = values.get(node.text()) if node is not None and node.kind() in _NAMES else None
    if value is None:
        return False
    if value.kind() == "template_string":
        return any(part.kind() == "string_fragment" for part in value.children())
    return value.kind() in {"string", "number", "object"} and bool(
        text_of(value) if value.kind() == "string" else literal(value) or value.kind() == "object"
    )

"""What texts, lists, objects and promises can do, in JavaScript's words and in Python's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import UNDEFINED
from cronshift.handlers.flow.environment import elsewhere
from cronshift.handlers.flow.operations import compared, contained
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    NOTHING,
    Arguments,
    Closure,
    Elements,
    ListValue,
    Native,
    NativeObject,
    ObjectValue,
    Outside,
    Plain,
    Promise,
    Response,
    Unknown,
    Value,
    items_of,
    joined,
    tainted,
    taints_of,
    text_of,
)
from cronshift.handlers.flow.worlds import ANY, secrets_in
from cronshift.handlers.patterns import is_slow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cronshift.handlers.flow.code import Place
    from cronshift.handlers.flow.machine import Machine

Method = "Callable[[Machine, Value, Arguments], Value]"
_SAME_TEXT = {
    "toString", "encode", "decode", "valueOf", "normalize", "digest", "hexdigest", "copy", "buffer",
    "toJSON", "get_secret_value", "asString", "toBase64", "export",
}  # fmt: skip
_SECTIONS = {"slice", "substring", "substr"}
_TRIMMING = {"trim", "trimStart", "trimEnd", "strip", "lstrip", "rstrip"}
_TURNING = {
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
_LONGEST_PATTERN = 200


def member(machine: Machine, owner: Value, name: str) -> Value | None:
    """Return a member of a value of a kind that is built in; ``None`` where it has none."""
    reading = _MEMBERS.get(type(owner))
    return reading(machine, owner, name) if reading is not None else None


def _of_native(machine: Machine, owner: Native, name: str) -> Value:
    meaning = machine.builtins.get(f"{owner.name}.{name}")
    return meaning or Native(f"{owner.name}.{name}", _nothing, owner.taints)


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


# texts


def _of_text(_machine: Machine, owner: Plain, name: str) -> Value | None:
    if not isinstance(owner.value, str):
        return None
    if name in {"length", "byteLength"}:
        return Plain(len(str(owner.value)), owner.taints)
    if name in _SAME_TEXT:
        return Native(name, lambda _m, a: tainted(owner, a.taints))
    method = _TEXTS.get(name)
    if method is None:
        return Native(name, lambda _m, a: Unknown(owner.taints | a.taints))
    return Native(name, lambda m, a: method(m, owner, a))


def _section(_machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    text = str(owner.value)
    bounds = [argument.value for argument in arguments.values if isinstance(argument, Plain)]
    whole = [bound for bound in bounds if isinstance(bound, int)]
    if len(whole) != len(arguments.values) or text == ANY:
        return owner if text == ANY else Unknown(owner.taints)
    start, stop = (*whole, None, None)[:2] if whole else (0, None)
    return Plain(text[start:stop], owner.taints)


def _starts(machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    return _tested(machine, owner, arguments, str.startswith)


def _ends(machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    return _tested(machine, owner, arguments, str.endswith)


def _tested(
    machine: Machine, owner: Plain, arguments: Arguments, test: Callable[[str, str], bool]
) -> Value:
    part = arguments.at(0)
    text, sought = str(owner.value), text_of(part)
    taints = owner.taints | part.taints
    if sought is None:
        return Unknown(taints)
    if ANY in text or ANY in sought:
        return Plain(not secrets_in(sought), taints)
    if secrets_in(text) and not test(text, sought):
        return contained(machine, owner, part, None)
    return Plain(test(text, sought), taints)


def _includes(machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    return contained(machine, owner, arguments.at(0), arguments.place)


def _replaced(_machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    text, taints = str(owner.value), owner.taints
    what, by = arguments.at(0), text_of(arguments.at(1)) or ""
    if text == ANY:
        return owner
    if isinstance(what, NativeObject) and isinstance(what.data, re.Pattern):
        return Plain(what.data.sub(by.replace("\\", "\\\\"), text, count=1), taints)
    old = text_of(what)
    return Plain(text.replace(old, by, 1), taints) if old is not None else Unknown(taints)


def _split(_machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    text, sign = str(owner.value), arguments.at(0)
    if text == ANY:
        return items_of(owner, owner, is_open=True)
    if isinstance(sign, NativeObject) and isinstance(sign.data, re.Pattern):
        parts = sign.data.split(text)
    elif not arguments.values:
        parts = text.split()
    elif (separator := text_of(sign)) is not None and separator:
        limit = arguments.at(1)
        most = limit.value if isinstance(limit, Plain) and isinstance(limit.value, int) else -1
        parts = (
            text.split(separator, most)
            if is_python(arguments.place.file)
            else text.split(separator)
        )
    else:
        return Unknown(owner.taints)
    return items_of(*(Plain(part, owner.taints) for part in parts), taints=owner.taints)


def _partition(_machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    sign = text_of(arguments.at(0))
    if not sign:
        return Unknown(owner.taints)
    parts = str(owner.value).partition(sign)
    return items_of(*(Plain(part, owner.taints) for part in parts), taints=owner.taints)


def _cased(_machine: Machine, owner: Plain, _arguments: Arguments) -> Value:
    return owner if secrets_in(str(owner.value)) else Plain(str(owner.value).lower(), owner.taints)


def _upper(_machine: Machine, owner: Plain, _arguments: Arguments) -> Value:
    return owner if secrets_in(str(owner.value)) else Plain(str(owner.value).upper(), owner.taints)


def _trimmed(_machine: Machine, owner: Plain, _arguments: Arguments) -> Value:
    return Plain(str(owner.value).strip(), owner.taints)


def _without_prefix(_machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    return Plain(str(owner.value).removeprefix(text_of(arguments.at(0)) or ""), owner.taints)


def _matched(_machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    pattern = arguments.at(0)
    if isinstance(pattern, NativeObject) and isinstance(pattern.data, re.Pattern):
        return groups(pattern.data, owner)
    return Unknown(owner.taints)


def _index(_machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    sought = text_of(arguments.at(0))
    if sought is None or ANY in str(owner.value):
        return Unknown(owner.taints)
    return Plain(str(owner.value).find(sought), owner.taints)


def _equals(machine: Machine, owner: Plain, arguments: Arguments) -> Value:
    return compared(machine, owner, arguments.at(0), arguments.place)


def groups(pattern: re.Pattern[str], text: Value) -> Value:
    """Return what a regular expression finds in a text: a list of its groups, or nothing."""
    searched = text_of(text)
    if searched == ANY:
        return items_of(*[text] * (pattern.groups + 1), taints=text.taints)
    if searched is None:
        return Unknown(text.taints)
    match = pattern.search(searched)
    if match is None:
        return Plain(None, text.taints)
    parts = [match[0], *match.groups()]
    values = (Plain(UNDEFINED if part is None else part, text.taints) for part in parts)
    return items_of(*values, taints=text.taints)


def regex(_machine: Machine, arguments: Arguments) -> Value:
    """Return JavaScript's regular expression, where it can be read safely."""
    source, flags = text_of(arguments.at(0)), text_of(arguments.at(1)) or ""
    if source is None or len(source) > _LONGEST_PATTERN or is_slow(source):
        return Unknown()
    try:
        compiled = re.compile(source.replace("(?<", "(?P<"), re.IGNORECASE if "i" in flags else 0)
    except (re.error, RecursionError, OverflowError):
        return Unknown()

    def of(_machine: Machine, name: str) -> Value | None:
        if name == "test":
            return Native(name, lambda m, a: _tests(m, compiled, a))
        if name in {"exec", "match", "search"}:
            return Native(name, lambda _m, a: groups(compiled, a.at(0)))
        return None

    return NativeObject("pattern", of, data=compiled)


def _tests(machine: Machine, pattern: re.Pattern[str], arguments: Arguments) -> Value:
    matched = groups(pattern, arguments.at(0))
    truth = machine.truth(matched, machine.module(arguments.place.file))
    return Unknown(matched.taints) if truth is None else Plain(truth, matched.taints)


_TEXTS: dict[str, Callable[[Machine, Plain, Arguments], Value]] = {
    "startsWith": _starts,
    "startswith": _starts,
    "endsWith": _ends,
    "endswith": _ends,
    "includes": _includes,
    "equals": _equals,
    "replace": _replaced,
    "replaceAll": _replaced,
    "split": _split,
    "partition": _partition,
    "toLowerCase": _cased,
    "lower": _cased,
    "toUpperCase": _upper,
    "upper": _upper,
    "removeprefix": _without_prefix,
    "match": _matched,
    "indexOf": _index,
    "find": _index,
    **dict.fromkeys(_SECTIONS, _section),
    **dict.fromkeys(_TRIMMING, _trimmed),
}


# lists


def _of_list(_machine: Machine, owner: ListValue, name: str) -> Value | None:
    elements = owner.elements
    if name in {"length", "size"}:
        return (
            Unknown(owner.taints)
            if elements.open
            else Plain(len(elements.values), taints_of(owner))
        )
    if name in {"push", "append", "add", "unshift", "extend"}:
        return Native(name, lambda m, a: _added(m, owner, a))
    if name in _TURNING:
        return Native(name, lambda m, a: turned(m, owner, name, a))
    if name in {"includes", "has", "__contains__"}:
        return Native(name, lambda m, a: contained(m, owner, a.at(0), a.place))
    if name == "join":
        return Native(name, lambda _m, _a: Unknown(taints_of(owner)))
    if name in {"get", "at", "pop", "shift"}:
        return Native(name, lambda _m, a: _picked(owner, a))
    return Native(name, lambda _m, a: items_of(is_open=True, taints=taints_of(owner) | a.taints))


def _picked(owner: ListValue, arguments: Arguments) -> Value:
    elements, number = owner.elements, arguments.at(0)
    if elements.values and isinstance(number, Plain) and isinstance(number.value, int):
        return elements.values[number.value] if number.value < len(elements.values) else NOTHING
    return elements.values[0] if elements.values else Unknown(owner.taints)


def _added(machine: Machine, owner: ListValue, arguments: Arguments) -> Value:
    elements = owner.elements
    values = (*elements.values, *arguments.values)
    machine.write(owner.cell, "items", Elements(values, elements.open))
    return Plain(len(values))


def turned(machine: Machine, owner: Value, name: str, arguments: Arguments) -> Value:
    """Return what ``map``, ``filter`` and their like make of a list, or of what is not known."""
    called = arguments.at(0)
    if isinstance(owner, ListValue):
        elements = owner.elements
        turns = elements.values[:6] or ((Unknown(owner.taints),) if elements.open else ())
        is_open = elements.open
    else:
        turns, is_open = (Unknown(taints_of(owner)),), True
    results = [
        machine.call(
            called, Arguments((turn, Plain(0), owner), {}, arguments.place, arguments.name)
        )
        for turn in turns
    ]
    return _made(machine, owner, name, arguments, (turns, results, is_open))


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
        return items_of(*results, is_open=is_open)
    if name == "filter":
        kept = [
            turn
            for turn, result in zip(turns, results, strict=True)
            if _true(machine, result, arguments) is not False
        ]
        sure = all(_true(machine, result, arguments) is not None for result in results)
        return items_of(*kept, is_open=is_open or not sure, taints=taints_of(owner))
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
        return Plain(deciding, taints)
    if None in answers or is_open:
        return Unknown(taints)
    return Plain(not deciding, taints)


# objects and answers


def _of_fields(_machine: Machine, owner: ObjectValue, name: str) -> Value | None:
    if name == "get":
        return Native(name, lambda _m, a: _got(owner, a))
    if name in {"has", "hasOwnProperty"}:
        return Native(name, lambda m, a: contained(m, owner, a.at(0), None))
    if name in {"values", "items", "entries", "keys"}:
        return Native(name, lambda _m, _a: items_of(*owner.cell.values(), is_open=True))
    if name in {"set", "update", "setdefault", "append"}:
        return Native(name, lambda m, a: _opened(m, owner, a))
    return None


def _got(owner: ObjectValue, arguments: Arguments) -> Value:
    name = text_of(arguments.at(0))
    if name is not None and name in owner.cell:
        return owner.cell[name]
    if owner.open or name is None:
        return Unknown(taints_of(owner))
    return arguments.at(1) if len(arguments.values) > 1 else NOTHING


def _opened(machine: Machine, owner: ObjectValue, arguments: Arguments) -> Value:
    for argument in arguments.values:
        machine.consume(argument)
    owner.open = True
    owner.taints |= arguments.taints
    return owner


def _of_answer(_machine: Machine, owner: Response, name: str) -> Value | None:
    if name in {"status", "status_code", "statusCode"}:
        return Plain(owner.status) if owner.status is not None else Unknown()
    if name == "ok":
        return Plain(owner.status < 300) if owner.status is not None else Unknown()  # noqa: PLR2004
    if name == "status" and owner.body is not None:
        return Unknown()
    return Native(name, lambda _m, _a: owner.body or Unknown())


# promises


def _of_promise(_machine: Machine, owner: Promise, name: str) -> Value | None:
    if name == "then":
        return Native(name, lambda m, a: _then(m, owner, a))
    if name == "catch":
        return Native(name, lambda m, a: _caught(m, owner, a.at(0), a))
    if name == "finally":
        return Native(name, lambda m, a: _finally(m, owner, a))
    if name in {"add_done_callback", "join", "result", "wait", "on", "once"}:
        return Native(name, lambda m, _a: _waited(m, owner))
    if name in {"start", "unref", "cancel"} or owner.rejected:
        return Native(name, lambda _m, _a: owner)
    return Unknown(taints_of(owner), name=name)


def _waited(machine: Machine, owner: Promise) -> Value:
    machine.consume(owner)
    return owner.value


def _then(machine: Machine, owner: Promise, arguments: Arguments) -> Value:
    if owner.rejected:
        if len(arguments.values) > 1:
            return _caught(machine, owner, arguments.at(1), arguments)
        return _chain(
            machine, owner, machine.promise(owner.value, owner.place, owner.name, rejected=True)
        )
    passed = Arguments((owner.value,), {}, arguments.place, arguments.name)
    if len(arguments.values) > 1:
        machine.ledger.shielded[owner.place] = arguments.place
    made = machine.promised(owner.place, owner.name, lambda: machine.call(arguments.at(0), passed))
    return _chain(machine, owner, made)


def _caught(machine: Machine, owner: Promise, called: Value, arguments: Arguments) -> Value:
    machine.ledger.shielded[owner.place] = arguments.place
    if not owner.rejected:
        return _chain(machine, owner, machine.promise(owner.value, owner.place, owner.name))
    if machine.path.failed and machine.path.caught is None:
        machine.path.caught = arguments.place
    passed = Arguments((owner.value,), {}, arguments.place, arguments.name)
    machine.catching += machine.path.failed
    made = machine.promised(owner.place, owner.name, lambda: machine.call(called, passed))
    machine.catching -= machine.path.failed
    return _chain(machine, owner, made)


def _finally(machine: Machine, owner: Promise, arguments: Arguments) -> Value:
    machine.call(arguments.at(0), Arguments((), {}, arguments.place, arguments.name))
    made = machine.promise(owner.value, owner.place, owner.name, rejected=owner.rejected)
    return _chain(machine, owner, made)


def _chain(machine: Machine, owner: Promise, made: Promise) -> Promise:
    """Take note that a promise is waited for through another."""
    machine.ledger.chained[id(owner)] = made
    return made


# what is not known


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
    if name in _TURNING and not owner.package:
        return Native(name, lambda m, a: _turned_unknown(m, Unknown(name=owner.name), name, a))
    return Outside(key, owner.package, owner.taints)


def _of_unknown(_machine: Machine, owner: Unknown, name: str) -> Value | None:
    if name in {"then", "catch", "finally"}:
        return Native(name, lambda m, a: _chained(m, owner, name, a))
    if name in _TURNING:
        return Native(name, lambda m, a: _turned_unknown(m, owner, name, a))
    if name in _SAME_TEXT | _TRIMMING | _SECTIONS or name in _TEXTS:
        return Native(name, lambda _m, a: Unknown(owner.taints | a.taints))
    return Unknown(owner.taints, name=f"{owner.name}.{name}" if owner.name else name)


def _turned_unknown(machine: Machine, owner: Unknown, name: str, arguments: Arguments) -> Value:
    if any(isinstance(argument, Closure | Native) for argument in arguments.values):
        return turned(machine, owner, name, arguments)
    return Unknown(owner.taints | arguments.taints, name=name)


def _chained(machine: Machine, owner: Unknown | Outside, name: str, arguments: Arguments) -> Value:
    """Read ``.then``, ``.catch`` and ``.finally`` of a call that is not followed: it is a promise."""
    place = owner_place(owner) or arguments.place
    promise = machine.promise(Unknown(owner.taints), place, arguments.name.rpartition(".")[0])
    chained = _of_promise(machine, promise, name)
    return machine.call(chained, arguments) if chained is not None else Unknown()


def owner_place(owner: Value) -> Place | None:
    """Return where the call stands that a value came from, if it is told."""
    return getattr(owner, "place", None)


_MEMBERS: dict[type, Callable[..., Value | None]] = {
    Plain: _of_text,
    ListValue: _of_list,
    Promise: _of_promise,
    NativeObject: lambda machine, owner, name: owner.member(machine, name),
    ObjectValue: _of_fields,
    Response: _of_answer,
    Outside: _of_outside,
    Native: _of_native,
    Closure: _of_closure,
    Unknown: _of_unknown,
}

__all__ = ["groups", "joined", "member", "regex", "turned"]

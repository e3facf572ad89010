"""The members of texts and regular expressions, in JavaScript and in Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import UNDEFINED
from cronshift.handlers.flow.ledger import CALLER
from cronshift.handlers.flow.operations import compared, contained
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    NativeObject,
    PlainValue,
    Unknown,
    Value,
    items_of,
    tainted,
    text_of,
)
from cronshift.handlers.flow.worlds import ANY, SecretLength, around_secrets, secrets_in
from cronshift.handlers.patterns import is_slow

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine

_SAME_TEXT = {
    "toString", "encode", "decode", "valueOf", "normalize", "digest", "hexdigest", "copy", "buffer",
    "toJSON", "get_secret_value", "asString", "toBase64", "export",
}  # fmt: skip
_SECTIONS = {"slice", "substring", "substr"}
_TRIMMING = {"trim", "trimStart", "trimEnd", "strip", "lstrip", "rstrip"}
_LONGEST_PATTERN = 200


def of_text(_machine: Machine, owner: PlainValue, name: str) -> Value | None:
    """Return a member of a text."""
    if not isinstance(owner.value, str):
        return None
    if name in {"length", "byteLength"}:
        length = len(owner.value)
        is_secret = bool(secrets_in(owner.value))
        return PlainValue(SecretLength(length) if is_secret else length, owner.taints)
    if name in _SAME_TEXT:
        return Native(name, lambda _m, a: tainted(owner, a.taints))
    method = _TEXTS.get(name)
    if method is None:
        return Native(name, lambda _m, a: Unknown(owner.taints | a.taints))
    return Native(name, lambda m, a: method(m, owner, a))


def _section(_machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    text = str(owner.value)
    bounds = [argument.value for argument in arguments.values if isinstance(argument, PlainValue)]
    whole = [bound for bound in bounds if isinstance(bound, int)]
    if len(whole) != len(arguments.values) or text == ANY:
        return owner if text == ANY else Unknown(owner.taints)
    start, stop = (*whole, None, None)[:2] if whole else (0, None)
    return PlainValue(text[start:stop], owner.taints)


def _starts(machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    return _tested(machine, owner, arguments, str.startswith)


def _ends(machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    return _tested(machine, owner, arguments, str.endswith)


def _tested(
    machine: Machine, owner: PlainValue, arguments: Arguments, test: Callable[[str, str], bool]
) -> Value:
    part = arguments.at(0)
    text, sought = str(owner.value), text_of(part)
    taints = owner.taints | part.taints
    if sought is None:
        return Unknown(taints)
    if ANY in text or ANY in sought:
        return PlainValue(not secrets_in(sought), taints)
    if secrets_in(text) and not test(text, sought):
        return contained(machine, owner, part, None)
    return PlainValue(test(text, sought), taints)


def _includes(machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    return contained(machine, owner, arguments.at(0), arguments.place)


def _replaced(_machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    text, taints = str(owner.value), owner.taints
    what, by = arguments.at(0), text_of(arguments.at(1)) or ""
    if text == ANY:
        return owner
    if isinstance(what, NativeObject) and isinstance(what.data, re.Pattern):
        return PlainValue(what.data.sub(by.replace("\\", "\\\\"), text, count=1), taints)
    old = text_of(what)
    return PlainValue(text.replace(old, by, 1), taints) if old is not None else Unknown(taints)


def _split(_machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    text, sign = str(owner.value), arguments.at(0)
    if text == ANY:
        return items_of(owner, owner, is_open=True)
    if isinstance(sign, NativeObject) and isinstance(sign.data, re.Pattern):
        parts = sign.data.split(text)
    elif not arguments.values:
        parts = text.split()
    elif (separator := text_of(sign)) is not None and separator:
        limit = arguments.at(1)
        most = limit.value if isinstance(limit, PlainValue) and isinstance(limit.value, int) else -1
        parts = (
            text.split(separator, most)
            if is_python(arguments.place.file)
            else text.split(separator)
        )
    else:
        return Unknown(owner.taints)
    is_open = len(parts) == 1 and bool(secrets_in(text))  # what a variable holds is not known
    values = (PlainValue(part, owner.taints) for part in parts)
    return items_of(*values, is_open=is_open, taints=owner.taints)


def _partition(_machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    sign = text_of(arguments.at(0))
    if not sign:
        return Unknown(owner.taints)
    parts = str(owner.value).partition(sign)
    return items_of(*(PlainValue(part, owner.taints) for part in parts), taints=owner.taints)


def _cased(_machine: Machine, owner: PlainValue, _arguments: Arguments) -> Value:
    return PlainValue(around_secrets(str(owner.value), str.lower), owner.taints)


def _code(_machine: Machine, owner: PlainValue, _arguments: Arguments) -> Value:
    """Return the code of a character: all of a text whose characters are compared one by one."""
    text = str(owner.value)
    is_compared = ANY in text or secrets_in(text) or owner.taints & CALLER
    return owner if is_compared else Unknown(owner.taints)


def _upper(_machine: Machine, owner: PlainValue, _arguments: Arguments) -> Value:
    return PlainValue(around_secrets(str(owner.value), str.upper), owner.taints)


def _trimmed(_machine: Machine, owner: PlainValue, _arguments: Arguments) -> Value:
    return PlainValue(str(owner.value).strip(), owner.taints)


def _without_prefix(_machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    return PlainValue(str(owner.value).removeprefix(text_of(arguments.at(0)) or ""), owner.taints)


def _matched(_machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    pattern = arguments.at(0)
    if isinstance(pattern, NativeObject) and isinstance(pattern.data, re.Pattern):
        return groups(pattern.data, owner)
    return Unknown(owner.taints)


def _index(_machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    sought = text_of(arguments.at(0))
    if sought is None or ANY in str(owner.value):
        return Unknown(owner.taints)
    return PlainValue(str(owner.value).find(sought), owner.taints)


def _equals(machine: Machine, owner: PlainValue, arguments: Arguments) -> Value:
    return compared(machine, owner, arguments.at(0), arguments.place)


def groups(pattern: re.Pattern[str], text: Value) -> Value:
    """Return the match of a regular expression in a text: a list of its groups, or nothing."""
    searched = text_of(text)
    if searched == ANY:
        return items_of(*[text] * (pattern.groups + 1), taints=text.taints)
    if searched is None:
        return Unknown(text.taints)
    match = pattern.search(searched)
    if match is None:
        return PlainValue(None, text.taints)
    parts = [match[0], *match.groups()]
    values = (PlainValue(UNDEFINED if part is None else part, text.taints) for part in parts)
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
    return Unknown(matched.taints) if truth is None else PlainValue(truth, matched.taints)


_TEXTS: dict[str, Callable[[Machine, PlainValue, Arguments], Value]] = {
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
    **dict.fromkeys(("charCodeAt", "codePointAt", "charAt"), _code),
    "upper": _upper,
    "removeprefix": _without_prefix,
    "match": _matched,
    "indexOf": _index,
    "find": _index,
    **dict.fromkeys(_SECTIONS, _section),
    **dict.fromkeys(_TRIMMING, _trimmed),
}

TEXT_METHODS = _SAME_TEXT | _SECTIONS | _TRIMMING | _TEXTS.keys()
"""What only a text has."""

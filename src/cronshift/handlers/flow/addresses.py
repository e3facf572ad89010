"""The request's address as Python takes it apart: ``urlparse(self.path)``, ``parse_qs(query)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.requests import query
from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    NativeObject,
    PlainValue,
    Taint,
    Unknown,
    Value,
    is_nothing,
    items_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine

_QUERY = frozenset({Taint.QUERY})


def _parsed(machine: Machine, arguments: Arguments) -> Value:
    """Read ``urlparse(self.path)``: its path and its query are the request's."""
    first = arguments.at(0)
    text = text_of(first)
    is_address = text is not None and text.partition("?")[0] == machine.world.path
    is_address = is_address or (isinstance(first, Unknown) and first.name == "request.url")
    if not is_address:
        return Unknown(arguments.taints, name="URL")
    return NativeObject("address", _part)


def _part(machine: Machine, name: str) -> Value | None:
    if name == "path":
        return PlainValue(machine.world.path)
    if name != "query":
        return None
    text = machine.world.query
    return PlainValue(text, _QUERY) if text is not None else Unknown(_QUERY)


def _parameters(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``parse_qs(query)``: lists of texts, by name."""
    is_query = Taint.QUERY in arguments.taints
    return NativeObject("query", _named, _QUERY) if is_query else Unknown(arguments.taints)


def _named(machine: Machine, name: str) -> Value | None:
    if name != "get":
        return _texts(machine, name, None)

    def get(machine: Machine, passed: Arguments) -> Value:
        key = text_of(passed.at(0))
        default = passed.values[1] if len(passed.values) > 1 else PlainValue(None, _QUERY)
        return _texts(machine, key, default) if key is not None else Unknown(_QUERY)

    return Native(name, get)


def _texts(machine: Machine, name: str, default: Value | None) -> Value:
    value = query(machine, name)
    return default if default is not None and is_nothing(value) else items_of(value, taints=_QUERY)


MEANINGS: dict[str, Callable[[Machine, Arguments], Value]] = {
    **dict.fromkeys(
        ("urlparse", "urlsplit", "urllib.parse.urlparse", "urllib.parse.urlsplit"), _parsed
    ),
    **dict.fromkeys(("parse_qs", "urllib.parse.parse_qs"), _parameters),
}

"""The request as Python's own servers hand it on: ``BaseHTTPRequestHandler`` and WSGI's environ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.requests import HEADERS, header
from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Taint,
    Unknown,
    Value,
    text_of,
)

if TYPE_CHECKING:
    from cronshift.handlers.flow.machine import Machine

_CREDENTIAL = frozenset({Taint.CREDENTIAL})
_QUERY = frozenset({Taint.QUERY})
_WHOLE = frozenset({Taint.REQUEST})


def server_of(machine: Machine) -> ObjectValue:
    """Return the instance of Python's ``BaseHTTPRequestHandler`` that answers."""
    query_text = f"?{machine.world.query}" if machine.world.query else ""
    return ObjectValue(
        {
            "headers": HEADERS,
            "path": PlainValue(f"{machine.world.path}{query_text}"),
            "command": PlainValue(machine.world.method),
        },
        open=True,
    )


def _environ_member(machine: Machine, name: str) -> Value | None:
    if name == "get":
        return Native(name, _environ_get)
    return _environ_item(machine, name)


def _environ_get(machine: Machine, arguments: Arguments) -> Value:
    content = _environ_item(machine, text_of(arguments.at(0)) or "")
    if isinstance(content, PlainValue) and content.value is None and len(arguments.values) > 1:
        default = arguments.values[1]
        return (
            PlainValue(default.value, _CREDENTIAL) if isinstance(default, PlainValue) else default
        )
    return content


def _environ_item(machine: Machine, name: str) -> Value:
    if name == "REQUEST_METHOD":
        return PlainValue(machine.world.method)
    if name in {"PATH_INFO", "SCRIPT_NAME"}:
        return PlainValue(machine.world.path)
    if name == "QUERY_STRING":
        return PlainValue(machine.world.query or "", _QUERY)
    return header(machine, name) if name.startswith("HTTP_") else Unknown(name=name)


ENVIRON = NativeObject("environ", _environ_member, _WHOLE)
"""WSGI's environ."""

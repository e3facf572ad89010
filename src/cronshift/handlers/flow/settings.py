"""Django's settings, and the names of statuses: what Python's frameworks give under names of their own."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from cronshift.handlers.flow.environment import required
from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    NativeObject,
    PlainValue,
    Unknown,
    Value,
    text_of,
)
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine

_NUMBERED = lazy_pattern(r"HTTP_(\d{3})_\w+")


def settings_files(machine: Machine) -> list[str]:
    """Return the files of Django's settings, those that Vercel runs with first."""
    files = (
        file
        for file in machine.program.tree.files
        if file.endswith("settings.py") or (file.endswith(".py") and "/settings/" in file)
    )
    return sorted(files, key=lambda file: ("prod" not in file, file))


def _setting(machine: Machine, name: str) -> Value | None:
    for file in settings_files(machine):
        value = machine.exported(file, name)
        if value is not None:
            return value
    return None


SETTINGS = NativeObject("settings", _setting)
"""``django.conf.settings``."""


def _status(_machine: Machine, name: str) -> Value | None:
    numbered = _NUMBERED.fullmatch(name)
    if numbered is not None:
        return PlainValue(int(numbered[1]))
    status = HTTPStatus.__members__.get(name)
    return PlainValue(status.value) if status is not None else None


STATUSES = NativeObject("status", _status)
"""``status`` of FastAPI, Starlette and REST framework, and ``http.HTTPStatus``."""


def attribute(machine: Machine, arguments: Arguments) -> Value:
    """Read ``getattr(settings, "CRON_SECRET", "")``."""
    owner, name = arguments.at(0), text_of(arguments.at(1))
    if name is None or not isinstance(owner, NativeObject):
        return Unknown(arguments.taints)
    value = owner.member(machine, name)
    if value is not None:
        return value
    return arguments.at(2) if len(arguments.values) > 2 else Unknown()  # noqa: PLR2004 - the default


def env_reader(default_at: int) -> Callable[[Machine, Arguments], Value]:
    """Return the meaning of ``Env()`` and its like: it is called for a variable, or ``env.str`` is."""

    def made(_machine: Machine, _arguments: Arguments) -> Value:
        read = Native("env", required(1))
        return NativeObject("env", lambda _m, _name: read, call=required(default_at))

    return made

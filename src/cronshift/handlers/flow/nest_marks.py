"""Nest's decorators of a method: its guards, and the metadata that the guards read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.javascript_code import JavaScript
from cronshift.handlers.flow.values import (
    NOTHING,
    Arguments,
    NativeObject,
    Outside,
    Unknown,
    Value,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ast_grep_py import SgNode

    from cronshift.handlers.flow.machine import Machine


class Marks:
    """The metadata on a method and its class, set by ``@Public()`` and its like."""

    def __init__(self, file: str, decorators: Sequence[SgNode]) -> None:
        self._file, self._decorators = file, decorators

    def read(self, machine: Machine, arguments: Arguments) -> Value:
        """Read ``reflector.getAllAndOverride(KEY, […])``."""
        wanted, is_open = text_of(arguments.at(0)), False
        for decorator in self._decorators:
            node = decorator.child(1)
            mark = machine.value(
                JavaScript(self._file).expression(node), machine.module(self._file)
            )
            if isinstance(mark, NativeObject):
                value = _metadata(mark, wanted)
                if value is not None:
                    return value
            elif not (isinstance(mark, Outside | Unknown) and mark.package.startswith("@nestjs/")):
                is_open = True
        return Unknown() if is_open or wanted is None else NOTHING


def _metadata(mark: NativeObject, wanted: str | None) -> Value | None:
    """Return the value that a decorator sets for a key, also where it is made of others."""
    parts = mark.data if isinstance(mark.data, tuple) else ()
    if mark.name == "decorators":
        values = (_metadata(part, wanted) for part in parts if isinstance(part, NativeObject))
        return next((value for value in values if value is not None), None)
    key, value = parts if mark.name == "metadata" else (None, None)
    return value if key is not None and key == wanted else None


def use_guards(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``UseGuards(A, B)``."""
    return NativeObject("guards", lambda _m, _n: None, data=arguments.values)


def apply_decorators(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``applyDecorators(SetMetadata(…), UseGuards(…))``."""
    return NativeObject("decorators", lambda _m, _n: None, data=arguments.values)


def set_metadata(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``SetMetadata(KEY, value)``."""
    data = (text_of(arguments.at(0)), arguments.at(1))
    return NativeObject("metadata", lambda _m, _n: None, data=data)

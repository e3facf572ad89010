"""The configuration of an app of Flask or Quart, wherever the project puts it there."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from cronshift.handlers.flow.python_code import Python
from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    NativeObject,
    Outside,
    PlainValue,
    Taint,
    Unknown,
    Value,
    text_of,
)
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.tree import SourceTree

_SECRET = frozenset({Taint.SECRET})
_ELSEWHERE = lazy_pattern(r"test|dev|local|debug", re.IGNORECASE)
"""Names of classes whose settings hold somewhere else than on Vercel."""


def _app_member(_machine: Machine, name: str) -> Value:
    return _CONFIG if name == "config" else Outside(f"current_app.{name}", "flask")


def _config_member(machine: Machine, name: str) -> Value:
    if name == "get":
        return Native(name, _got)
    return _setting(machine, name) if name.isupper() else Outside(f"config.{name}", "flask")


def _got(machine: Machine, arguments: Arguments) -> Value:
    """Read ``current_app.config.get("CRON_SECRET")``."""
    name = text_of(arguments.at(0))
    return _setting(machine, name) if name else Unknown(_SECRET)


def _setting(machine: Machine, name: str) -> Value:
    """Return a setting as the project says it; not known where it comes from elsewhere."""
    for file, expression in _spelled(machine.program.tree, name):
        value = machine.value(Python(file).expression(expression), machine.module(file))
        if isinstance(value, PlainValue):
            return PlainValue(value.value, value.taints | _SECRET)
    return Unknown(_SECRET, name=name)


@lru_cache(maxsize=64)
def _spelled(tree: SourceTree, name: str) -> tuple[tuple[str, ast.expr], ...]:
    """Return the expressions that give a setting, those first that hold on Vercel."""
    there = [
        (bool(_ELSEWHERE.search(f"{file}:{owner}")), bool(owner), file, expression)
        for file in sorted(tree.files)
        if file.endswith(".py") and name in tree.read(file)
        for owner, expression in _in_module(tree.python(file), name)
    ]
    return tuple((file, expression) for _, _, file, expression in sorted(there, key=_rank))


def _rank(spelled: tuple[bool, bool, str, ast.expr]) -> tuple[bool, bool]:
    return spelled[:2]


def _in_module(module: ast.Module, name: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield the values of a setting: of ``app.config``, and of classes, with the names of these."""
    for node in ast.walk(module):
        match node:
            case ast.Assign(
                targets=[
                    ast.Subscript(value=ast.Attribute(attr="config"), slice=ast.Constant(value=key))
                ],
                value=value,
            ) if key == name:
                yield "", value
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(attr="config"), attr="update" | "from_mapping"
                ),
                keywords=keywords,
            ):
                yield from (("", word.value) for word in keywords if word.arg == name)
            case ast.ClassDef(name=owner, body=body):
                yield from ((owner, value) for value in _fields(body, name))


def _fields(body: list[ast.stmt], name: str) -> Iterator[ast.expr]:
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=key)], value=value) if key == name:
                yield value
            case ast.AnnAssign(target=ast.Name(id=key), value=ast.expr() as value) if key == name:
                yield value


_CONFIG = NativeObject("config", _config_member)
MEANINGS: dict[str, Value] = {
    f"{package}:current_app": NativeObject("current_app", _app_member)
    for package in ("flask", "quart")
}

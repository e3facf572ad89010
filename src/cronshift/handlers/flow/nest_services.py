"""Instances of Nest's classes, with what their constructors are injected, followed into the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.environment import ENVIRONMENT
from cronshift.handlers.flow.values import (
    Arguments,
    ClassValue,
    Native,
    NativeObject,
    ObjectValue,
    Unknown,
    Value,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.nest_marks import Marks

_CLASSES = ("class_declaration", "abstract_class_declaration")
_DEEPEST = 6  # services inside services


def controller_of(machine: Machine, file: str, method: SgNode) -> Value:
    """Return the instance of the controller that a method belongs to."""
    outer = next((node for node in method.ancestors() if node.kind() in _CLASSES), None)
    named = outer.field("name") if outer is not None else None
    kind = machine.named_in(file, named.text()) if named is not None else None
    return instance_of(machine, kind) if isinstance(kind, ClassValue) else Unknown()


def instance_of(
    machine: Machine, kind: ClassValue, marks: Marks | None = None, deepest: int = _DEEPEST
) -> ObjectValue:
    """Return an instance with the constructor's arguments that Nest injects, as far as known."""
    made = ObjectValue({}, open=True, of=kind)
    for node in _declared(machine, kind):
        for name, written in _injected(node):
            made.cell[name] = _provided(machine, kind, written, marks, deepest)
    return made


def _declared(machine: Machine, kind: ClassValue) -> Iterator[SgNode]:
    """Yield the declarations of a class, and of the project's class that it extends."""
    for base in kind.code.bases:
        parent = machine.value(base, kind.scope)
        if isinstance(parent, ClassValue):
            yield from _declared(machine, parent)
    root = machine.program.tree.parsed(kind.scope.file)
    for node in (
        root.find_all(any=[{"kind": name} for name in _CLASSES]) if root is not None else ()
    ):
        named = node.field("name")
        if named is not None and named.text() == kind.code.name:
            yield node


def _injected(node: SgNode) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a class's constructor, with their types."""
    for method in node.find_all(kind="method_definition"):
        name, parameters = method.field("name"), method.field("parameters")
        if name is not None and name.text() == "constructor" and parameters is not None:
            for parameter in parameters.children():
                bound, typed = parameter.field("pattern"), parameter.field("type")
                if bound is not None:
                    yield bound.text(), typed.text().strip(": ") if typed is not None else ""


def _provided(
    machine: Machine, kind: ClassValue, written: str, marks: Marks | None, deepest: int
) -> Value:
    if written.startswith("ConfigService"):
        return NativeObject("config", _config_member)
    if written == "Reflector" and marks is not None:
        return NativeObject("reflector", lambda _m, name: Native(name, marks.read))
    service = machine.named_in(kind.scope.file, written) if written.isidentifier() else None
    if isinstance(service, ClassValue) and deepest:
        return instance_of(machine, service, marks, deepest - 1)
    return Unknown(name=written)


def _config_member(_machine: Machine, name: str) -> Value | None:
    def read(machine: Machine, arguments: Arguments) -> Value:
        variable = text_of(arguments.at(0))
        if variable is None or not variable.isupper():
            return Unknown()
        return machine.member(ENVIRONMENT, variable)

    return Native(name, read) if name in {"get", "getOrThrow"} else None

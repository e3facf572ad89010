"""Actions of REST framework's viewsets that a router makes routes of: one becomes a class of its own, and then work."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.rest_routers import actions_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.methods import members_of_self, methods_of
from cronshift.targets.direct.python.source import is_docstring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.targets.direct.python.called import ModuleScope
    from cronshift.targets.direct.python.source import Function, PythonSource

_CALLING = {"authentication_classes", "permission_classes", "throttle_classes"}


class AloneAction(Struct, frozen=True):
    """A module with an action in a class that does nothing else.

    Attributes:
        name: of that class.
        is_whole: whether it is the class that was there, which has no other action.
    """

    text: str
    name: str
    is_whole: bool


def registration(planned: ast.Module, urls: ast.Module, line: int) -> ast.Call | None:
    """Return the call of a urls.py that registers a class on a router, as it stood at a line when that was planned."""
    wanted = [ast.unparse(call) for call in _registrations(planned) if call.lineno == line]
    return next((call for call in _registrations(urls) if ast.unparse(call) in wanted), None)


def _registrations(module: ast.Module) -> Iterator[ast.Call]:
    for statement in module.body:
        match statement:
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(attr="register"), args=[_, _, *_]) as call
            ):
                yield call


def action_at(place: ModuleScope, node: ast.ClassDef, path: str) -> str:
    """Return the method that answers a GET for a path.

    Raises:
        NotCertainError: for one that the class itself does not have.
    """
    action = actions_of(place.tree, place.file, node).at(path, "GET")
    if action is None or action.name not in methods_of(node) or "<pk>" in action.path:
        raise NotCertainError(node.lineno, f"answers {path} with no action of its own")
    return action.name


def alone(source: PythonSource, node: ast.ClassDef, action: str) -> AloneAction:
    """Return a module with an action and what only it calls in a class of their own.

    Raises:
        NotCertainError: where it shares a method with another action.
    """
    methods = methods_of(node)
    moved = {action, *_called(methods, {action})}
    others = methods.keys() - moved
    if not others:
        return AloneAction(source.text, node.name, is_whole=True)
    shared = {action, *moved} & _called(methods, others)
    if shared:
        name = min(shared)
        raise NotCertainError(
            methods[name].lineno, f"shares {name} with other actions of its class"
        )
    name = f"{node.name.removesuffix('ViewSet').removesuffix('View')}{action.title().replace('_', '')}View"
    _, end = source.span(node)
    bases = ", ".join(source.text_of(base) for base in node.bases)
    attributes = [
        each
        for each in node.body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) in _CALLING
    ]
    kept = [*attributes, *(each for each in methods.values() if each.name in moved)]
    parts = [source.text[slice(*source.span(each))] for each in kept]
    indent = " " * node.body[0].col_offset
    body = "\n\n".join(f"{indent}{part}" for part in parts)
    for each in methods.values():
        if each.name in moved:
            source.edits.remove_lines(*source.span(each))
    before, behind = source.edits.result(0, end).rstrip(), source.edits.result(end)
    text = f"{before}\n\n\nclass {name}({bases}):\n{body}\n{behind}"
    if all(is_docstring(each) for each in node.body if each not in kept):
        raise NotCertainError(node.lineno, "keeps nothing beside its action")
    return AloneAction(text, name, is_whole=False)


def _called(methods: Mapping[str, Function], callers: Iterator[str] | set[str]) -> set[str]:
    """Return the methods that others call, and those that these do."""
    called, left = set[str](), list(callers)
    while left:
        names = {each.attr for each in members_of_self(methods[left.pop()])}
        new = (names & methods.keys()) - called
        called |= new
        left += new
    return called

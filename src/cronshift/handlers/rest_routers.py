"""Routers of Django's REST framework: the routes that they make of a class's actions."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, TypeGuard

from msgspec import Struct

from cronshift.handlers.code_routes import DEEPEST, CodeRoute, UnreadRegistration, joined
from cronshift.handlers.python_modules import class_named
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

ROUTERS = {"DefaultRouter", "SimpleRouter"}
_DETAIL = "<pk>"
_STANDARD = {
    "list": ("", "GET"),
    "create": ("", "POST"),
    "retrieve": (_DETAIL, "GET"),
    "update": (_DETAIL, "PUT"),
    "partial_update": (_DETAIL, "PATCH"),
    "destroy": (_DETAIL, "DELETE"),
}
_BASES: dict[str, tuple[str, ...]] = {
    "ModelViewSet": tuple(_STANDARD),
    "ReadOnlyModelViewSet": ("list", "retrieve"),
    "ListModelMixin": ("list",),
    "CreateModelMixin": ("create",),
    "RetrieveModelMixin": ("retrieve",),
    "UpdateModelMixin": ("update", "partial_update"),
    "DestroyModelMixin": ("destroy",),
    "GenericViewSet": (),
    "ViewSet": (),
}
"""The actions that a class has of REST framework's own."""
_REGEX = lazy_pattern(r"[\\()\[\]?+*|^$]")


class Action(Struct, frozen=True):
    """A method that a router makes a route of.

    Attributes:
        path: below the prefix of the class.
        permissions: those that its own decorator names.
    """

    name: str
    path: str
    methods: frozenset[str]
    permissions: ast.expr | None = None


class Actions(Struct, frozen=True):
    """The actions of a class; ``open`` where it may have more, of a base that is not read."""

    each: tuple[Action, ...] = ()
    open: bool = False

    def at(self, path: str, method: str) -> Action | None:
        """Return the action of a request to a path, the one of no row before those of one."""
        parts = [part for part in path.split("/") if part]
        for action in sorted(self.each, key=lambda action: _DETAIL in action.path):
            wanted = [part for part in action.path.split("/") if part]
            end = parts[len(parts) - len(wanted) :]
            fits = all(a in {_DETAIL, b} for a, b in zip(wanted, end, strict=False))
            if wanted and fits and method in action.methods:
                return action
        return next((each for each in self.each if not each.path and method in each.methods), None)


@lru_cache(maxsize=1024)
def actions_of(tree: SourceTree, file: str, node: ast.ClassDef, depth: int = DEEPEST) -> Actions:
    """Return the actions of a class, those of the project's classes that it is based on too."""
    actions: dict[str, Action] = {}
    is_open = depth == 0
    for base in node.bases if depth else ():
        name = ast.unparse(base)
        standard = _BASES.get(name.rpartition(".")[2])
        made = class_named(tree, file, name) if standard is None else None
        inner = actions_of(tree, *made, depth - 1) if made is not None else Actions()
        actions |= {action.name: action for action in inner.each}
        actions |= {action: _standard(action) for action in standard or ()}
        is_open = is_open or inner.open or (standard is None and made is None and name != "object")
    for method in node.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            action = _standard(method.name) if method.name in _STANDARD else _decorated(method)
            is_open = is_open or (action is not None and bool(_REGEX.search(action.path)))
            actions |= {action.name: action} if action is not None else {}
    return Actions(tuple(actions.values()), is_open)


def _standard(name: str) -> Action:
    path, method = _STANDARD[name]
    return Action(name, path, frozenset({method}))


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Action | None:
    """Return the action that ``@action(detail=False, methods=["post"])`` makes of a method."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("action"):
            options = {word.arg: word.value for word in decorator.keywords}
            path = options.get("url_path")
            bare = str(path.value) if isinstance(path, ast.Constant) else node.name
            named = options.get("methods", decorator.args[0] if decorator.args else None)
            texts = named.elts if isinstance(named, ast.List | ast.Tuple) else ()
            methods = {str(text.value).upper() for text in texts if isinstance(text, ast.Constant)}
            is_of_row = ast.unparse(options.get("detail", ast.Constant(value=False))) == "True"
            whole = f"{_DETAIL}/{bare}" if is_of_row else bare
            permissions = options.get("permission_classes")
            return Action(node.name, whole, frozenset(methods or {"GET"}), permissions)
    return None


def router_routes(
    tree: SourceTree, file: str, router: str, prefix: str
) -> Iterator[CodeRoute | UnreadRegistration]:
    """Yield the routes of ``router.urls``: of the classes that a module registers on a router."""
    nodes = list(ast.walk(tree.python(file)))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    registered = [call for call in calls if _is_registration(call, router)]
    uses = [node for node in nodes if _is_use(node, router)]
    made = next((call for node in nodes if (call := _making(node, router))), None)
    if made is None or len(uses) != len(registered):
        yield UnreadRegistration(f"/{prefix}", Location(file, uses[-1].lineno if uses else 1))
    slash = "" if made is not None and "trailing_slash=False" in ast.unparse(made) else "/"
    for call in registered:
        below = joined(f"/{prefix}", ast.literal_eval(call.args[0])).rstrip("/")
        yield from _of_class(tree, file, call, below, slash)


def _is_registration(call: ast.Call, router: str) -> bool:
    """Return whether a call is ``router.register("prefix", …)``, the prefix a plain text."""
    match call.args:
        case [ast.Constant(value=str(prefix)), _, *_]:
            return _is_use(call.func, router) and not _REGEX.search(prefix)
    return False


def _is_use(node: ast.AST, router: str) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in {"register", "registry"}
        and ast.unparse(node.value) == router
    )


def _making(node: ast.AST, router: str) -> ast.Call | None:
    """Return the call that a statement makes a router by, if it is one of REST framework's own."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=maker) as call) if (
            name == router and ast.unparse(maker).rpartition(".")[2] in ROUTERS
        ):
            return call
    return None


def _of_class(
    tree: SourceTree, file: str, call: ast.Call, prefix: str, slash: str
) -> Iterator[CodeRoute | UnreadRegistration]:
    place, name = Location(file, call.lineno), ast.unparse(call.args[1])
    made = class_named(tree, file, name)
    actions = actions_of(tree, *made) if made is not None else Actions(open=True)
    if actions.open:
        yield UnreadRegistration(prefix or "/", place)
    for action in actions.each:
        whole = f"{prefix}/{action.path}".rstrip("/") + slash
        yield CodeRoute(whole, action.methods, place, f"{name}.{action.name}")

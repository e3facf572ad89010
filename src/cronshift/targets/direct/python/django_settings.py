"""Settings of Django that change what a view means: transactions around it, and middleware of the project's own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.handlers.python_modules import module_file
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import Kept, NotCertainError
from cronshift.targets.direct.python.around import only_writes, refuse_changes
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.methods import methods_of
from cronshift.targets.seal import is_untouched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.python.source import Function

_ATOMIC = lazy_pattern(r"""ATOMIC_REQUESTS["']?\]?\s*[:=]\s*True""")
_HARMLESS = lazy_pattern(
    r"(?:django|allauth|axes|corsheaders|csp|debug_toolbar|django_htmx|django_otp|django_prometheus|silk|simple_history"
    r"|waffle|whitenoise)\."
)
"""Packages whose middleware gives a view without a user, a session or a language of its own nothing."""
_HOOKS = {"process_exception", "process_template_response", "process_view"}


def is_atomic(tree: SourceTree) -> bool:
    """Return whether every request is a transaction of its own."""
    return any(_ATOMIC.search(tree.read(file)) for file in tree.files if file.endswith(".py"))


def missed_middleware(tree: SourceTree, path: str, *, is_mounted: bool) -> Kept | None:
    """Return the middleware of the project's own without which a view would mean something else."""
    for file in sorted(file for file in tree.files if file.endswith(".py")):
        if "MIDDLEWARE" not in tree.read(file) or is_untouched(tree.read(file)):
            continue
        for name, line in _listed(tree.python(file)):
            module, _, inner = name.rpartition(".")
            there = module_file(tree, file, module)
            if there is None and _HARMLESS.match(name):
                continue
            place = ModuleScope(tree, there or file, tree.python(there or file))
            node, function = place.class_of(inner), place.function(inner)
            methods = methods_of(node[0]) if node is not None else {}
            if function is not None:
                methods = {"__call__": _inner(function[0])}
            if there is None or not methods:
                return Kept(Location(file, line), f"runs {name} around every request")
            try:
                _refuse(methods, path, is_mounted=is_mounted)
            except NotCertainError as error:
                return Kept(Location(there, error.line), error.why)
    return None


def _listed(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the names of a project's middleware, each with its line."""
    for node in ast.walk(module):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="MIDDLEWARE")], value=ast.List(elts=elements))
                | ast.AugAssign(target=ast.Name(id="MIDDLEWARE"), value=ast.List(elts=elements))
            ):
                for element in elements:
                    if isinstance(element, ast.Constant) and isinstance(element.value, str):
                        yield element.value, element.lineno


def _inner(function: Function) -> Function:
    """Return the function that a factory of middleware returns."""
    inner = (
        each for each in function.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return next(inner, function)


def _refuse(methods: dict[str, Function], path: str, *, is_mounted: bool) -> None:
    """Refuse middleware that answers in the place of views, or does for the job what Inngest's calls do not get."""
    for name, function in methods.items():
        if name in _HOOKS:
            raise NotCertainError(function.lineno, f"has {name}")
        if name not in {"__call__", "process_request", "process_response"}:
            continue
        next_called = "self.get_response" if function.args.args[0].arg == "self" else "get_response"
        if only_writes(function, next_called):
            continue
        if not is_mounted:
            raise NotCertainError(function.lineno, "does something of its own around requests")
        answers = {function.args.args[-1].arg} if name == "process_response" else set[str]()
        refuse_changes(function, next_called, path, answers)

"""Things that an app does around every request: those that change nothing of what its work means may go."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.python_modules import imported_names, module_file
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import Kept, NotCertainError
from cronshift.targets.direct.python.about import is_logging
from cronshift.targets.direct.python.around import (
    answers_error,
    only_writes,
    refuse_changes,
    refuse_preparing,
)
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.dependencies import is_check
from cronshift.targets.direct.python.methods import methods_of
from cronshift.targets.direct.python.source import Function, is_docstring, own_nodes
from cronshift.targets.seal import is_untouched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers.tree import SourceTree

_HARMLESS = {
    "BrotliMiddleware", "CORSMiddleware", "CorrelationIdMiddleware", "GZipMiddleware", "HTTPSRedirectMiddleware",
    "ProxyHeadersMiddleware", "SentryAsgiMiddleware", "SessionMiddleware", "SlowAPIASGIMiddleware", "SlowAPIMiddleware",
    "TrustedHostMiddleware",
}  # fmt: skip
_AROUND = {
    "after_app_request", "after_request", "app_errorhandler", "before_app_request", "before_first_request", "before_request",
    "dependency_overrides", "errorhandler", "exception_handler", "middleware", "on_event", "register_error_handler",
    "teardown_app_request", "teardown_request", "wsgi_app",
}  # fmt: skip
"""What an app does around every request, or at its start."""
_OF_ERRORS = {"app_errorhandler", "errorhandler", "exception_handler"}
_STARTING = {"lifespan", "on_event", "on_shutdown", "on_startup"}
_MADE = {"FastAPI", "APIRouter", "include_router"}
_MAKING = lazy_pattern(r"\b(?:Flask|FastAPI|register_blueprint|include_router|init_app)\(")
"""What puts an app together."""
_SPEAKING = lazy_pattern(
    r"middleware|lifespan|on_event|on_startup|_request\b|error_?handler|exception_handler|dependenc|wsgi_app"
)


class AppAround(Struct, frozen=True):
    """The app around a route.

    Attributes:
        file: the module of the route.
        path: of the entry.
        is_mounted: whether the app serves the functions itself: it is started by then, and does around Inngest's
            calls what it does around any other.
    """

    file: str
    path: str
    is_mounted: bool = False

    def refuse(self, tree: SourceTree, file: str) -> Kept | None:
        """Return the reason why an app, made or imported in a file, holds a job back; ``None`` for none."""
        for each in _imported(tree, file):
            if not _SPEAKING.search(tree.read(each)) or is_untouched(tree.read(each)):
                continue
            module = tree.python(each)
            try:
                self._refuse_module(ModuleScope(tree, each, module))
            except NotCertainError as error:
                return Kept(Location(each, error.line), error.why)
        return None

    def _refuse_module(self, place: ModuleScope) -> None:
        harmless = set(self._harmless(place))
        for node in ast.walk(place.module):
            match node:
                case ast.Call(func=ast.Attribute(attr="add_middleware"), args=[added, *_]):
                    self._refuse_middleware(place, node, added)
                case ast.Call(
                    func=ast.Attribute(attr="add_exception_handler"), args=[error, handler]
                ):
                    _refuse_answering(place, node, error, handler)
                case ast.Attribute(attr=name) if name in _AROUND and node not in harmless:
                    why = f"does something of its own around requests ({name})"
                    raise NotCertainError(node.lineno, why)
                case ast.Call(func=called) if ast.unparse(called).rpartition(".")[2] in _MADE:
                    self._refuse_dependencies(place, node)
                case ast.keyword(arg=str(name), value=value) if name in _STARTING:
                    is_off = isinstance(value, ast.Constant)
                    if not is_off and not self.is_mounted:
                        raise NotCertainError(
                            value.lineno, f"prepares something at its start ({name})"
                        )

    def _refuse_dependencies(self, place: ModuleScope, made: ast.Call) -> None:
        """Refuse what is asked of every request to the route, where it does more than to check who calls."""
        maker = ast.unparse(made.func).rpartition(".")[2]
        if maker == "APIRouter" and place.file != self.file:
            return
        if maker == "include_router" and not self._is_routes(place, made.args[:1]):
            return
        lists = (word.value for word in made.keywords if word.arg == "dependencies")
        for element in (each for value in lists for each in getattr(value, "elts", [value])):
            defined = (
                place.function(ast.unparse(element.args[0]))
                if isinstance(element, ast.Call) and element.args
                else None
            )
            if defined is None or not is_check(*defined):
                why = f"asks more of every request ({ast.unparse(made.func)})"
                raise NotCertainError(made.lineno, why)

    def _is_routes(self, place: ModuleScope, routers: Sequence[ast.expr]) -> bool:
        """Return whether a router may be that of the route's module."""
        name = ast.unparse(routers[0]).partition(".")[0] if routers else ""
        for node in place.module.body:
            if isinstance(node, ast.Import | ast.ImportFrom) and name in imported_names(node):
                module, inner = imported_names(node)[name]
                below = f"{module}{inner}" if module.endswith(".") else f"{module}.{inner}"
                files = {module_file(place.tree, place.file, each) for each in (module, below)}
                return self.file in files or files == {None}
        return True

    def _refuse_middleware(self, place: ModuleScope, node: ast.Call, added: ast.expr) -> None:
        """Refuse a class of middleware that changes more of a job than who may call it."""
        name = ast.unparse(added)
        if name.rpartition(".")[2] in _HARMLESS:
            return
        defined = place.class_of(name)
        methods = methods_of(defined[0]) if defined is not None else {}
        for method, called in (("dispatch", "call_next"), ("__call__", "self.app")):
            function = methods.get(method)
            if function is None:
                continue
            next_called = function.args.args[-1].arg if method == "dispatch" else called
            if only_writes(function, next_called):
                return
            if self.is_mounted:
                try:
                    refuse_changes(function, next_called, self.path)
                except NotCertainError as error:
                    where = f"{defined[1].file}:{error.line}" if defined is not None else name
                    raise NotCertainError(
                        node.lineno, f"runs {name}, which {error.why} ({where})"
                    ) from error
                return
        raise NotCertainError(node.lineno, f"runs {name} around every request")

    def _harmless(self, place: ModuleScope) -> Iterator[ast.AST]:
        """Yield the parts of decorators whose functions change nothing of what the work means.

        Raises:
            NotCertainError: with the line in such a function that does.
        """
        blueprints = {
            name
            for node in place.module.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
            if ast.unparse(node.value.func).rpartition(".")[2] == "Blueprint"
            for name in map(ast.unparse, node.targets)
        }
        for function in ast.walk(place.module):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for decorator in function.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                name = called.attr if isinstance(called, ast.Attribute) else ""
                owner = ast.unparse(called).rpartition(".")[0]
                is_others = owner in blueprints and "app" not in name and place.file != self.file
                errors = decorator.args if isinstance(decorator, ast.Call) else []
                if is_others or self._is_harmless(place.tree, function, name, errors):
                    yield from ast.walk(decorator)

    def _is_harmless(
        self, tree: SourceTree, function: Function, name: str, errors: Sequence[ast.expr]
    ) -> bool:
        if name in _OF_ERRORS:
            answers = _returned(function)
            return all(answers_error(answers, ast.unparse(error)) for error in errors)
        if name == "on_event":
            return self.is_mounted
        last = function.args.args[-1].arg if function.args.args else ""
        if name in {"middleware", "after_request", "after_app_request"} and only_writes(
            function, last
        ):
            return True
        if name == "middleware" and self.is_mounted:
            refuse_changes(function, last, self.path)
            return True
        if name in {"before_request", "before_app_request"}:
            refuse_preparing(tree, function)
            return True
        return name.startswith("teardown") and all(
            is_docstring(each) or is_logging(each) for each in function.body
        )


def _refuse_answering(
    place: ModuleScope, node: ast.Call, error: ast.expr, handler: ast.expr
) -> None:
    """Refuse a function that makes an answer of an error which the work may raise."""
    defined = place.function(ast.unparse(handler))
    answers = _returned(defined[0]) if defined is not None else []
    if not answers_error(answers, ast.unparse(error)):
        why = f"answers {ast.unparse(error)} in a way of its own"
        raise NotCertainError(node.lineno, why)


def _returned(function: Function) -> list[ast.expr | None]:
    return [node.value for node in own_nodes(function) if isinstance(node, ast.Return)]


def _imported(tree: SourceTree, file: str) -> Iterator[str]:
    """Yield a module and those of the project that it imports, however far, each once."""
    seen, left = {file}, [file]
    while left:
        here = left.pop(0)
        yield here
        for node in _imports(tree.python(here)):
            for module, name in imported_names(node).values():
                inner = (
                    f"{module.rstrip('.')}.{name}"
                    if not module.endswith(".")
                    else f"{module}{name}"
                )
                for each in (module, inner) if name else (module,):
                    there = module_file(tree, here, each)
                    if there is not None and there not in seen:
                        seen.add(there)
                        left.append(there)


def _imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports of a module, and those in functions that put an app together."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.Import | ast.ImportFrom):
            yield each
        elif not isinstance(each, Function) or _MAKING.search(ast.unparse(each)):
            yield from _imports(each)

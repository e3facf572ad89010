"""Routes of a Django project: its root ``urls.py``, and those that it includes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.handlers.code_routes import DEEPEST, CodeRoute, Declared, UnreadRegistration
from cronshift.handlers.python_modules import (
    class_named,
    imported_names,
    module_file,
    statements,
)
from cronshift.handlers.rest_routers import router_routes
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}
_BASES: dict[str, frozenset[str]] = {
    "View": frozenset(),
    "APIView": frozenset(),
    "GenericAPIView": frozenset(),
    "TemplateView": frozenset({"get"}),
    "ListAPIView": frozenset({"get"}),
    "RetrieveAPIView": frozenset({"get"}),
    "CreateAPIView": frozenset({"post"}),
    "DestroyAPIView": frozenset({"delete"}),
    "UpdateAPIView": frozenset({"put", "patch"}),
    "ListCreateAPIView": frozenset({"get", "post"}),
}
"""The methods that a class has of Django's and REST framework's own."""
_ANSWERING_ALL = {"dispatch", "http_method_not_allowed", "as_view", "setup"}
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_REGEX = lazy_pattern(r"\\\w|(?<!\\)[()\[\]?+*|.]")
_ESCAPED = lazy_pattern(r"\\(\W)")
_LIST = "urlpatterns"
_MOST = 20_000  # lists that are read, which may hold each other
_OF_FILES = {"static", "staticfiles_urlpatterns"}  # while debugging

Declaration = CodeRoute | UnreadRegistration


def django_routes(tree: SourceTree) -> Declared:
    """Return the routes of a project: from its ``ROOT_URLCONF``, else the topmost urls.py.

    Which one is the root is a guess where no settings say it: then no path is dead.
    """
    root = _root_urls(tree)
    if root is not None:
        return Declared.of(_Urls(tree, root).routes())
    candidates = [file for file in tree.files if file.endswith("urls.py")]
    topmost = min(candidates, key=lambda file: (file.count("/"), file), default=None)
    if topmost is None:
        return Declared()
    unread = UnreadRegistration("", Location(topmost, 1))
    return Declared.of((unread, *_Urls(tree, topmost).routes()))


def _root_urls(tree: SourceTree) -> str | None:
    for file in sorted(tree.files):
        if not file.endswith("settings.py") and "/settings/" not in file:
            continue
        for node in tree.python(file).body:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id="ROOT_URLCONF")], value=ast.Constant(value=str(module))
                ):
                    return module_file(tree, file, module)
    return None


class _Urls:
    """One urls.py, as it is included at a prefix."""

    def __init__(
        self,
        tree: SourceTree,
        file: str,
        prefix: str = "",
        depth: int = DEEPEST,
        steps: Iterator[int] | None = None,
    ) -> None:
        self._steps = iter(range(_MOST)) if steps is None else steps
        self._tree, self._file, self._prefix, self._depth = tree, file, prefix, depth
        self._imports: dict[str, tuple[str, str | None]] = {}
        self._assigned: dict[str, list[ast.expr]] = {}
        self._read: set[str] = set()  # names whose lists are read, which may hold themselves
        for node, _ in statements(tree.python(file).body):
            self._take_in(node)

    def _take_in(self, node: ast.stmt) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._imports |= imported_names(node)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                | ast.AugAssign(target=ast.Name(id=name), value=value)
            ):
                self._assigned.setdefault(name, []).append(value)
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=verb), args=args)
            ) if verb in {"append", "extend", "insert"} and name in self._assigned:
                added = args[-1] if verb == "extend" else ast.List(args[-1:])
                self._assigned[name].append(added)

    def routes(self) -> Iterator[Declaration]:
        """Yield the routes of ``urlpatterns``."""
        is_read = self._depth and not self._tree.is_unparsed(self._file)
        yield from self._named(_LIST) if is_read else self._unread(None)

    def _unread(self, node: ast.expr | None, prefix: str | None = None) -> Iterator[Declaration]:
        at = self._prefix if prefix is None else prefix
        line = getattr(node, "lineno", 1)
        yield UnreadRegistration(f"/{at.rpartition('/')[0]}", Location(self._file, line))

    def _named(self, name: str) -> Iterator[Declaration]:
        """Yield the routes of a list that a name stands for, here or where it is imported from."""
        if name in self._assigned:
            values = self._assigned[name] if name not in self._read else []
            self._read.add(name)
            for value in values:
                yield from self._listed(value)
            return
        source, attribute = self._imports.get(name) or self._imports.get("*") or ("", None)
        target = module_file(self._tree, self._file, source) if source else None
        if target is None or not self._depth:
            yield from self._unread(None)
        else:
            inner = _Urls(self._tree, target, self._prefix, self._depth - 1, self._steps)
            yield from inner._named(name if attribute in {None, "*"} else attribute or name)

    def _listed(self, node: ast.expr) -> Iterator[Declaration]:
        """Yield the routes of an expression that is a list of patterns."""
        if not self._depth or next(self._steps, None) is None:
            yield from self._unread(node)
            return
        match node:
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                for part in parts:
                    yield from self._pattern(part)
            case ast.BinOp(op=ast.Add()):
                for part in _added(node):
                    yield from self._listed(part)
            case ast.Name(id=name):
                yield from self._named(name)
            case ast.Attribute(value=ast.Name(id=name), attr="urls"):
                yield from self._router(name, self._prefix)
            case ast.Call(func=function, args=[first, *_]) if ast.unparse(function).endswith(
                "format_suffix_patterns"
            ):
                yield from self._listed(first)
            case ast.Call(func=function) if ast.unparse(function).rpartition(".")[2] in _OF_FILES:
                return
            case _:
                yield from self._unread(node)

    def _router(self, name: str, prefix: str) -> Iterator[Declaration]:
        """Yield the routes of a router of REST framework, made here or in another module."""
        source, attribute = self._imports.get(name, (None, None))
        target = module_file(self._tree, self._file, source) if source and attribute else None
        if source is None and name in self._assigned:
            yield from router_routes(self._tree, self._file, name, prefix)
        elif target is not None and attribute is not None:
            yield from router_routes(self._tree, target, attribute, prefix)
        else:
            yield from self._unread(None, prefix)

    def _pattern(self, node: ast.expr) -> Iterator[Declaration]:
        """Yield the routes of ``path("x", view)`` and of what is included there."""
        match node:
            case ast.Starred(value=value):
                yield from self._listed(value)
            case ast.Call(func=function, args=[first, second, *_]) if (
                kind := ast.unparse(function).rpartition(".")[2]
            ) in {"path", "re_path", "url"}:
                spelled, rest = _spelled(first, is_regex=kind != "path")
                whole = f"{self._prefix}{spelled}"
                if rest:
                    yield from self._unread(node, whole)
                elif _is_included(second):
                    yield from self._included(second, whole)
                else:
                    place = Location(self._file, node.lineno)
                    methods = _methods(self._tree, self._file, second)
                    yield CodeRoute(f"/{whole}", methods, place, ast.unparse(second))
            case _:
                yield from self._unread(node)

    def _included(self, node: ast.expr, prefix: str) -> Iterator[Declaration]:
        """Yield the routes of ``include(…)``, and of a tuple in its place."""
        inner = node.args[0] if isinstance(node, ast.Call) and node.args else node
        if isinstance(inner, ast.Tuple) and inner.elts:
            inner = inner.elts[0]
        module = self._module(inner)
        if module is not None:
            inside = _Urls(self._tree, module, prefix, self._depth - 1, self._steps)
            yield from inside.routes()
            return
        match inner:
            case ast.Attribute(value=ast.Name(id=name), attr="urls") if name != "admin":
                yield from self._router(name, prefix)
            case ast.List() | ast.Name():
                here = _Urls(self._tree, self._file, prefix, self._depth - 1, self._steps)
                yield from here._listed(inner)
            case _:
                yield from self._unread(node, prefix)

    def _module(self, node: ast.expr) -> str | None:
        """Return the urls.py that is included: by its name, or as a module that is imported."""
        match node:
            case ast.Constant(value=str(module)):
                return module_file(self._tree, self._file, module)
            case ast.Name(id=name):
                source, attribute = self._imports.get(name, ("", None))
                inner = f"{source}.{attribute}" if source.strip(".") else f"{source}{attribute}"
                return module_file(self._tree, self._file, inner) if attribute else None
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in self._imports:
                source, above = self._imports[name]
                parts = [part for part in (source, above, attribute) if part]
                return module_file(self._tree, self._file, ".".join(parts))
        return None


def _is_included(node: ast.expr) -> bool:
    is_call = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("include")
    return is_call or (isinstance(node, ast.Attribute) and node.attr == "urls")


def _methods(tree: SourceTree, file: str, view: ast.expr) -> frozenset[str] | None:
    """Return the methods that a class answers as a view; ``None`` where that is not written out."""
    match view:
        case ast.Call(func=ast.Attribute(attr="as_view"), args=[ast.Dict(keys=keys)]):
            texts = [key.value for key in keys if isinstance(key, ast.Constant)]
            return frozenset(str(text).upper() for text in texts) or None
        case ast.Call(func=ast.Attribute(value=owner, attr="as_view")):
            made = class_named(tree, file, ast.unparse(owner))
        case _:
            return None
    if made is None:
        return None
    bases = [ast.unparse(base).rpartition(".")[2] for base in made[1].bases]
    names = {node.name for node in made[1].body if isinstance(node, _FUNCTIONS)}
    if names & _ANSWERING_ALL or not set(bases) <= _BASES.keys():
        return None
    answered = (names & _METHODS).union(*(_BASES[base] for base in bases))
    return frozenset(name.upper() for name in answered) or None


def _added(node: ast.expr) -> list[ast.expr]:
    """Return the parts of a sum in their order; one of thousands is as deep as it is long."""
    parts = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _spelled(node: ast.expr, *, is_regex: bool) -> tuple[str, bool]:
    """Return the literal beginning of a pattern, and whether more follows that is not read."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return "", True
    if not is_regex:
        return node.value, False
    text = node.value.removeprefix("^").removesuffix("$")
    meta = _REGEX.search(text)
    literal = text[: meta.start()] if meta else text
    return _ESCAPED.sub(r"\1", literal), meta is not None

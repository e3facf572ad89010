"""Routes that Python apps declare: FastAPI, Starlette, Flask, Django, followed through imports."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cronshift.handlers.code_routes import DEEPEST, MOST_ROUTES, CodeRoute, Trail, joined
from cronshift.handlers.python_modules import imported_names, module_file
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_VERBS = {"get", "post", "put", "patch", "delete", "head", "options"}
_EVERY = {"route", "api_route", "websocket_route", "add_api_route", "add_url_rule", "add_route"}
_MOUNTING = {"include_router", "register_blueprint", "mount", "include", "register"}
_PREFIXES = {"prefix", "url_prefix"}


@dataclass(slots=True)
class _Module:
    """What one file says: routes by the name they hang on, mounts, imports."""

    prefixes: dict[str, str] = field(default_factory=dict)
    routes: list[tuple[str, CodeRoute]] = field(default_factory=list)
    mounts: list[tuple[str, str, ast.expr]] = field(default_factory=list)
    lists: dict[str, ast.expr] = field(default_factory=dict)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)


class PythonRoutes:
    """The route tables of a project's Python apps.

    Args:
        tree: the project's files.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._modules: dict[str, _Module] = {}

    def of(self, file: str, name: str) -> list[CodeRoute]:
        """Return the routes of the app that ``name`` is in ``file``."""
        found: list[CodeRoute] = []
        for route in self._routes(file, name, Trail()):
            found.append(route)
            if len(found) >= MOST_ROUTES:
                break
        return found

    def django(self, settings_folder: str | None = None) -> list[CodeRoute]:
        """Return the routes of a Django project, from its root ``urls.py``."""
        roots = [file for file in self._tree.files if file.endswith("urls.py")]
        named = [
            file for file in roots if settings_folder is None or file.startswith(settings_folder)
        ]
        root = self._root_urls() or (min(named, key=lambda f: (f.count("/"), f)) if named else None)
        return list(self._patterns(root, "", DEEPEST)) if root else []

    def _root_urls(self) -> str | None:
        for file in sorted(self._tree.files):
            if not file.endswith("settings.py") and "/settings/" not in file:
                continue
            for node in _parse(self._tree.read(file)).body:
                match node:
                    case ast.Assign(
                        targets=[ast.Name(id="ROOT_URLCONF")], value=ast.Constant(value=str(module))
                    ):
                        return self._file_of(file, module)
        return None

    def _patterns(self, file: str, prefix: str, depth: int) -> Iterator[CodeRoute]:
        for node in ast.walk(_parse(self._tree.read(file))) if depth else ():
            match node:
                case ast.Call(
                    func=ast.Name(id="path" | "re_path" | "url" as kind), args=[first, second, *_]
                ):
                    text = _string(first)
                    if text is None:
                        continue
                    own = text if kind == "path" else text.removeprefix("^").removesuffix("$")
                    whole = f"{prefix}{own}"
                    if isinstance(second, ast.Call) and ast.unparse(second.func) == "include":
                        target = _string(second.args[0]) if second.args else None
                        inner = self._file_of(file, target) if target else None
                        if inner:
                            yield from self._patterns(inner, whole, depth - 1)
                        continue
                    place = Location(file, node.lineno)
                    yield CodeRoute(f"/{whole}", None, place, ast.unparse(second))

    def _routes(self, file: str, name: str, trail: Trail) -> Iterator[CodeRoute]:
        behind = trail.through(file, name)
        if behind is None:
            return
        module = self._module(file)
        if name not in module.prefixes and name in module.imports:
            source, attribute = module.imports[name]
            target = self._file_of(file, source)
            if target and attribute:
                yield from self._routes(target, attribute, behind)
            return
        own = behind.at(module.prefixes.get(name, ""))
        for owner, route in module.routes:
            if owner == name:
                path = joined(own.prefix, route.path)
                yield CodeRoute(path, route.methods, route.place, route.export)
        for owner, at, node in module.mounts:
            if owner == name:
                yield from self._mounted(file, node, own.at(at))
        if name in module.lists:
            yield from self._listed(file, module.lists[name], own)

    def _mounted(self, file: str, node: ast.expr, trail: Trail) -> Iterator[CodeRoute]:
        target, name = self._target(file, node)
        if target is not None:
            yield from self._routes(target, name, trail)

    def _target(self, file: str, node: ast.expr) -> tuple[str | None, str]:
        """Return the file and name of a router that an expression means."""
        match node:
            case ast.Name(id=name):
                return file, name
            case ast.Attribute(value=ast.Name(id=base), attr=attribute):
                source = self._module(file).imports.get(base)
                return (self._submodule(file, *source) if source else None), attribute
            case ast.Attribute(attr=attribute):
                return self._file_of(file, ast.unparse(node).rpartition(".")[0]), attribute
        return None, ""

    def _listed(self, file: str, node: ast.expr, trail: Trail) -> Iterator[CodeRoute]:
        """Yield the routes of ``[Route(...), Mount(...)]``, or of the list that a name stands for."""
        if isinstance(node, ast.Name):
            behind = trail.through(file, node.id)
            inner = self._module(file).lists.get(node.id)
            if inner is not None and behind is not None:
                yield from self._listed(file, inner, behind)
            elif node.id in self._module(file).imports and behind is not None:
                source, attribute = self._module(file).imports[node.id]
                target = self._file_of(file, source)
                if target and attribute:
                    yield from self._listed(target, ast.Name(attribute), behind)
            return
        for one in node.elts if isinstance(node, ast.List | ast.Tuple) else ():
            path = _string(one.args[0]) if isinstance(one, ast.Call) and one.args else None
            if isinstance(one, ast.Call) and path is not None:
                yield from self._one(file, one, path, trail)

    def _one(self, file: str, call: ast.Call, path: str, trail: Trail) -> Iterator[CodeRoute]:
        kind = ast.unparse(call.func).rpartition(".")[2]
        if kind == "Route":
            methods = _methods(call) or frozenset({"GET", "HEAD"})
            export = ast.unparse(call.args[1]) if len(call.args) > 1 else ""
            yield CodeRoute(
                joined(trail.prefix, path), methods, Location(file, call.lineno), export
            )
        for keyword in call.keywords if kind == "Mount" else ():
            if keyword.arg == "routes":
                yield from self._listed(file, keyword.value, trail.at(path))
            elif keyword.arg == "app":
                yield from self._mounted(file, keyword.value, trail.at(path))

    def _module(self, file: str) -> _Module:
        if file not in self._modules:
            self._modules[file] = _read(_parse(self._tree.read(file)), file)
        return self._modules[file]

    def _submodule(self, file: str, source: str, attribute: str | None) -> str | None:
        """Return the file that a name stands for when it is a module and not something in one."""
        if attribute is not None:
            inner = self._file_of(
                file, f"{source}.{attribute}" if source.strip(".") else f"{source}{attribute}"
            )
            if inner:
                return inner
        return self._file_of(file, source)

    def _file_of(self, file: str, module: str) -> str | None:
        return module_file(self._tree, file, module)


def _read(tree: ast.Module, file: str) -> _Module:
    module = _Module()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom() | ast.Import():
                module.imports |= imported_names(node)
            case ast.Assign(targets=[ast.Name(id=target)], value=value):
                _assigned(module, target, value)
            case ast.AnnAssign(target=ast.Name(id=target), value=value) if value is not None:
                _assigned(module, target, value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call):
                        _declared(module, file, decorator, node.name)
            case ast.Expr(value=ast.Call() as call):
                _declared(module, file, call, None)
    return module


def _assigned(module: _Module, target: str, value: ast.expr) -> None:
    if isinstance(value, ast.List | ast.Tuple):
        module.lists[target] = value
    elif isinstance(value, ast.Call):
        prefix = next((_string(k.value) for k in value.keywords if k.arg in _PREFIXES), None)
        module.prefixes[target] = prefix or ""
        routes = next((k.value for k in value.keywords if k.arg == "routes"), None)
        if routes is not None:
            module.lists[target] = routes


def _declared(module: _Module, file: str, call: ast.Call, function: str | None) -> None:
    """Take in ``owner.get("/x")``, ``owner.include_router(other, prefix="/x")`` and their like."""
    if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
        return
    owner, verb = call.func.value.id, call.func.attr
    first = _string(call.args[0]) if call.args else None
    if first is None:
        first = next((_string(k.value) for k in call.keywords if k.arg in {"path", "rule"}), None)
    if verb in _VERBS and first is not None and function:
        route = CodeRoute(first, frozenset({verb.upper()}), Location(file, call.lineno), function)
        module.routes.append((owner, route))
    elif verb in _EVERY and first is not None:
        methods = _methods(call) or frozenset({"GET", "HEAD"})
        module.routes.append(
            (owner, CodeRoute(first, methods, Location(file, call.lineno), function or ""))
        )
    elif verb in _MOUNTING and call.args:
        at = next((_string(k.value) for k in call.keywords if k.arg in _PREFIXES), None) or ""
        target = call.args[0]
        if verb == "mount" and first is not None:
            at = first
            target = call.args[1] if len(call.args) > 1 else target
        module.mounts.append((owner, at, target))


def _methods(call: ast.Call) -> frozenset[str] | None:
    listed = next((k.value for k in call.keywords if k.arg == "methods"), None)
    if not isinstance(listed, ast.List | ast.Tuple | ast.Set):
        return None
    return frozenset(text.upper() for one in listed.elts if (text := _string(one)))


def _string(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _parse(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])

"""Routes of a Django project: its root ``urls.py``, and those that it includes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.handlers.code_routes import DEEPEST, CodeRoute, Declared, UnreadRegistration
from cronshift.handlers.python_modules import imported_names, module_file
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_VIEWS = {"View", "APIView"}
_METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}
_ANSWERING_ALL = {"dispatch", "http_method_not_allowed", "as_view", "setup"}
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_REGEX = lazy_pattern(r"[\\()\[\]?+*|.]")


def django_routes(tree: SourceTree) -> Declared:
    """Return the routes of a project: from its ``ROOT_URLCONF``, else the topmost urls.py."""
    candidates = [file for file in tree.files if file.endswith("urls.py")]
    root = _root_urls(tree) or min(candidates, key=lambda f: (f.count("/"), f), default=None)
    return Declared.of(_patterns(tree, root, "", DEEPEST)) if root else Declared()


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


def _patterns(
    tree: SourceTree, file: str, prefix: str, depth: int
) -> Iterator[CodeRoute | UnreadRegistration]:
    for node in ast.walk(tree.python(file)) if depth else ():
        match node:
            case ast.Call(
                func=ast.Name(id="path" | "re_path" | "url" as kind), args=[first, second, *_]
            ):
                place = Location(file, node.lineno)
                spelled, rest = _spelled(first, is_regex=kind != "path")
                whole = f"{prefix}{spelled}"
                included = _included(second)
                inner = (
                    module_file(tree, file, included)
                    if isinstance(included, str) and included
                    else None
                )
                if rest or included is False or (included and inner is None):
                    yield UnreadRegistration(f"/{whole.rpartition('/')[0]}", place)
                elif inner:
                    yield from _patterns(tree, inner, whole, depth - 1)
                else:
                    methods = _methods(tree, file, second)
                    yield CodeRoute(f"/{whole}", methods, place, ast.unparse(second))


def _methods(tree: SourceTree, file: str, view: ast.expr) -> frozenset[str] | None:
    """Return the methods that a class answers as a view; ``None`` where that is not written out."""
    match view:
        case ast.Call(func=ast.Attribute(attr="as_view"), args=[ast.Dict(keys=keys)]):
            texts = [key.value for key in keys if isinstance(key, ast.Constant)]
            return frozenset(str(text).upper() for text in texts) or None
        case ast.Call(func=ast.Attribute(value=owner, attr="as_view")):
            made = _class(tree, file, ast.unparse(owner), DEEPEST)
        case _:
            return None
    if made is None or not {ast.unparse(base).rpartition(".")[2] for base in made.bases} <= _VIEWS:
        return None
    names = {node.name for node in made.body if isinstance(node, _FUNCTIONS)}
    if names & _ANSWERING_ALL:
        return None
    return frozenset(name.upper() for name in names & _METHODS) or None


def _class(tree: SourceTree, file: str, name: str, depth: int) -> ast.ClassDef | None:
    """Return the class of the project that a name stands for in a file."""
    base, _, rest = name.partition(".")
    for node in tree.python(file).body if depth else ():
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
        if isinstance(node, ast.Import | ast.ImportFrom):
            source, attribute = imported_names(node).get(base, (None, None))
            inner = (
                f"{source}.{attribute}" if source and source.strip(".") else f"{source}{attribute}"
            )
            if source is not None and rest:
                target = module_file(tree, file, inner if attribute else source)
                return _class(tree, target, rest, depth - 1) if target else None
            if source is not None and attribute:
                target = module_file(tree, file, source)
                return _class(tree, target, attribute, depth - 1) if target else None
    return None


def _spelled(node: ast.expr, *, is_regex: bool) -> tuple[str, bool]:
    """Return the literal beginning of a pattern, and whether more follows that is not read."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return "", True
    if not is_regex:
        return node.value, False
    text = node.value.removeprefix("^").removesuffix("$")
    meta = _REGEX.search(text)
    return (text[: meta.start()], True) if meta else (text, False)


def _included(node: ast.expr) -> str | bool:
    """Return the module that is included; ``""`` for a view, ``False`` for a computed one."""
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("include"):
        return ""
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Tuple) and first.elts:
        first = first.elts[0]
    is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
    return first.value if is_text else False  # type: ignore[union-attr] # narrowed above

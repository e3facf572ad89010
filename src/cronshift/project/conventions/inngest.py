"""The Inngest client and the serve route that an app has already."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import arguments, define, exports, imports, locally
from cronshift.handlers.literals import literal, pairs
from cronshift.project.conventions.code import InngestClient
from cronshift.project.conventions.sources import is_generated, is_test, own_sources
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_CLIENT = ("inngest", "Inngest")
_OF_CLIENT = lazy_pattern(r"Inngest\(")
_SERVE = "serve"
_ADAPTERS = "inngest/"
_OF_ADAPTER = lazy_pattern(rf"""["']{_ADAPTERS}""")


def serve_file_of(tree: SourceTree) -> str | None:
    """Return the app's own file that calls ``serve`` of one of the SDK's adapters, a route first."""
    files = [file for file in _speaking(tree, _OF_ADAPTER) if _served(tree, file) is not None]
    routes = (file for file in files if "/api/inngest" in file)
    return next(routes, files[0] if files else None)


def client_of(tree: SourceTree, serve_file: str | None) -> InngestClient | None:
    """Return the app's own client: its serve route's, else the first exported."""
    used = _client_of_route(tree, serve_file) if serve_file else None
    if used is not None:
        return used
    for file in _speaking(tree, _OF_CLIENT):
        root = tree.parsed(file)
        for name in exports(root) if root is not None else ():
            defined = define(tree, file, name)
            if (
                defined is not None
                and defined.file == file
                and _is_client(tree, file, defined.node)
            ):
                return InngestClient(_module(file), name, _app_id(tree, file, defined.node))
    return None


def serve_call(root: SgNode) -> SgNode | None:
    """Return the first call of ``serve`` in a module, ``None`` where there is none."""
    return next(serve_calls(root), None)


def serve_calls(root: SgNode) -> Iterator[SgNode]:
    """Yield the calls of ``serve`` in a module, whatever it is called there."""
    names = {
        name
        for name, (source, export) in imports(root).items()
        if source.startswith(_ADAPTERS) and export == _SERVE
    }
    for call in root.find_all(kind="call_expression") if names else ():
        called = call.field("function")
        if called is not None and called.text() in names:
            yield call


def serve_options(call: SgNode) -> dict[str, SgNode]:
    """Return the options that are written in a call of ``serve``; none where they are elsewhere."""
    passed = arguments(call)
    return dict(pairs(passed[0])) if passed and passed[0].kind() == "object" else {}


def _speaking(tree: SourceTree, words: re.Pattern[str]) -> Iterator[str]:
    """Yield the app's own files that hold some words, tests left out."""
    for file in own_sources(tree):
        if not is_test(file) and words.search(tree.read(file)):
            yield file


def _served(tree: SourceTree, file: str) -> SgNode | None:
    root = tree.parsed(file)
    return serve_call(root) if root is not None else None


def _client_of_route(tree: SourceTree, file: str) -> InngestClient | None:
    call, root = _served(tree, file), tree.parsed(file)
    client = serve_options(call).get("client") if call is not None else None
    if client is None or root is None:
        return None
    if client.kind() == "new_expression":
        return InngestClient(None, "", _app_id(tree, file, client))
    imported = imports(root).get(client.text())
    if imported is None:
        definition = locally(tree, file, client.text())
        return InngestClient(None, "", _app_id(tree, file, definition.node)) if definition else None
    source, name = imported
    target = tree.imported(file, source)
    if target is None:
        return InngestClient(source, name, None, in_project=False) if source[0] != "." else None
    if is_generated(tree, target) or name == "*":
        return None
    defined = define(tree, target, name)
    app_id = _app_id(tree, defined.file, defined.node) if defined else None
    return InngestClient(_module(target), name, app_id)


def _is_client(tree: SourceTree, file: str, node: SgNode) -> bool:
    """Return whether an expression makes a client of the SDK."""
    root, made = tree.parsed(file), node.field("constructor")
    if root is None or made is None or node.kind() != "new_expression":
        return False
    return imports(root).get(made.text()) == _CLIENT


def _app_id(tree: SourceTree, file: str, node: SgNode) -> str | None:
    """Return the ``id`` that a client is made with, as far as it is written down."""
    passed = arguments(node) if node.kind() == "new_expression" else []
    value = dict(pairs(passed[0])).get("id") if passed and passed[0].kind() == "object" else None
    if value is not None and value.kind() in {"identifier", "shorthand_property_identifier"}:
        named = locally(tree, file, value.text())
        value = named.node if named else None
    value_read = literal(value)
    return value_read if isinstance(value_read, str) else None


def _module(file: str) -> str:
    """Return the import path of a file, without its suffix."""
    place = PurePosixPath(file).with_suffix("")
    return str(place.parent if place.name == "index" else place)

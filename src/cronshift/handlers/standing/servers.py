"""What an app of Hono's or Express's puts before a route with ``use``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import arguments, line_of
from cronshift.handlers.standing import packages
from cronshift.handlers.standing.answers import Answer, Untold, together
from cronshift.handlers.standing.scope import Frame
from cronshift.handlers.standing.things import Closure, Native, Packaged, Thing
from cronshift.handlers.standing.walking import Walker
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.standing.things import Call
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_HONO = re.compile(r"""from\s+["'](hono|@hono/[\w-]+)["']""")


def before_route(tree: SourceTree, handler: Handler, call: Call) -> Iterator[Answer]:
    """Yield what each ``use`` before a handler's route does with a call."""
    files = {handler.file: 0}
    if handler.route is not None:
        files[handler.route.file] = handler.route.line
    for file, last in files.items():
        root = tree.parsed(file)
        text = tree.read(file)
        if root is None or not re.search(r"\.use\(", text):
            continue
        is_express = "express" in tree.dependencies and not _HONO.search(text)
        given = [Thing.CONTEXT, Thing.NEXT]
        if is_express:
            given = [Thing.REQUEST, Thing.RESPONSE, Thing.NEXT]
        for use in _uses(root):
            if last and line_of(use) > last:
                continue
            yield from _used(Walker(tree, call), use, file, given)


def _uses(root: SgNode) -> Iterator[SgNode]:
    for use in root.find_all(kind="call_expression"):
        called = use.field("function")
        name = called.field("property") if called is not None else None
        if name is not None and name.text() == "use":
            yield use


def _used(walker: Walker, use: SgNode, file: str, given: list[Thing]) -> Iterator[Answer]:
    values = walker.given(use, Frame(file))
    if values and isinstance(values[0], str | list):
        listed = values[0] if isinstance(values[0], list) else [values[0]]
        if not any(isinstance(one, str) and _takes_in(one, walker.call.path) for one in listed):
            return
        values = values[1:]
    for value, node in zip(values, arguments(use)[-len(values) :] if values else [], strict=True):
        place = Location(file, line_of(node))
        if isinstance(value, Packaged):
            yield packages.passes(value, place)
        elif isinstance(value, Closure | Native):
            yield together(walker.outcome(value, given, place))
        elif value is not Thing.ROUTER and value is not Thing.NOBODY:
            text = " ".join(node.text().split())
            if re.search(r"\b(Router|routes?|[rR]outer|app|api)\b", text) is None:
                yield Untold(place, f"stands in front with {text[:40]}")


def _takes_in(pattern: str, path: str) -> bool:
    """Return whether a path of ``use`` takes in another: itself, and all below it."""
    stem = pattern.removesuffix("*").removesuffix("/")
    if "*" in stem or ":" in stem:
        stem = re.split(r"[*:]", stem)[0].rstrip("/")
    return not stem or path == stem or path.startswith(f"{stem}/")

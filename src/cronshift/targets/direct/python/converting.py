"""A Python handler, as a function that does the work."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from cronshift.model import Location
from cronshift.targets.direct.conversion import Conversion, Converted, Entry, Kept, NotCertainError
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.framework import convert_route
from cronshift.targets.direct.python.http_server import convert_class
from cronshift.targets.direct.python.source import PythonSource
from cronshift.targets.direct.python.steps import with_steps
from cronshift.targets.direct.python.surroundings import AppAround
from cronshift.targets.direct.python.unused import without_unused

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.python.sending import Sending


def convert(  # noqa: PLR0913 - what a handler is known by
    tree: SourceTree,
    file: str,
    entry: Entry,
    name: str | None = None,
    app: str | None = None,
    *,
    steps: bool = False,
    is_mounted: bool = False,
    sending: Sending | None = None,
) -> Conversion:
    """Return a handler's module without HTTP, or why it stays as it is.

    Args:
        tree: the project's files.
        file: the module that declares the route, or the class.
        entry: the cron entry whose work it does.
        name: of a handler of http.server, or of the app in its module.
        app: the module that makes the app, for a route of it; ``None`` for a handler.
        steps: whether its work becomes the durable steps that the code shows.
        is_mounted: whether the app serves the functions itself.
        sending: the event that a route of the app sends from then on, where it stays.
    """
    text = tree.read(file)
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError):
        return Kept(Location(file, 1), "does not parse without errors")
    source = PythonSource(file, text, module, ModuleScope(tree, file, module))
    around = AppAround(file, urlsplit(entry.path).path, is_mounted)
    missed = around.refuse(tree, app if app is not None else file)
    if missed is not None:
        return missed
    try:
        if name is not None and app is None:
            converted = convert_class(tree, source, name, entry)
        else:
            app_name = f"{app}:{name}" if name else None
            converted = convert_route(tree, source, entry, app_name, sending)
        ast.parse(converted.text)
    except SyntaxError:
        return Kept(Location(file, 1), "would not parse without errors")
    except NotCertainError as error:
        return Kept(Location(file, error.line), error.why)
    return in_steps(tree, file, converted) if steps else converted


def in_steps(tree: SourceTree, file: str, converted: Converted) -> Converted:
    """Return a module whose work is made of steps, or why it is one."""
    if converted.parameter is not None:
        return replace(converted, unoffered="each value has a step already")
    try:
        made = with_steps(tree, file, converted.text, converted.function)
        ast.parse(made.text)
    except NotCertainError as error:
        line = converted.text.splitlines()[error.line - 1].strip()
        return replace(converted, unoffered=f"it {error.why}: {line}")
    text = without_unused(tree, file, made.text, {"asyncio"})
    return replace(converted, text=text, steps=made.ids, width=made.width, is_async=True)

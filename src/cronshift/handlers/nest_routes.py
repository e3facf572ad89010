"""Routes that the controllers of a Nest app declare: ``@Controller("jobs")``, ``@Get("mail")``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.code_routes import CodeRoute, UnreadRegistration, joined
from cronshift.handlers.javascript import line_of
from cronshift.handlers.node_registrations import decorator_of
from cronshift.handlers.values import Expression, value
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_METHODS = {
    "Get": "GET",
    "Post": "POST",
    "Put": "PUT",
    "Patch": "PATCH",
    "Delete": "DELETE",
    "All": "",
}


def nest_routes(tree: SourceTree, folder: str = "") -> Iterator[CodeRoute | UnreadRegistration]:
    """Yield the routes of a folder's controllers; those that cannot be told as unread."""
    if "@nestjs/core" not in tree.packages(folder):
        return
    prefix = _prefix(tree, folder)
    for file in tree.under(f"{folder}/src" if folder else "src"):
        root = tree.parsed(file) if "@Controller(" in tree.read(file) else None
        for decorator in root.find_all(kind="decorator") if root is not None else ():
            name, path = decorator_of(decorator)
            if name in _METHODS:
                above, place = _controller(decorator), Location(file, line_of(decorator))
                if prefix is None or above is None or path is None:
                    yield UnreadRegistration("", place)
                    continue
                whole = joined(joined(prefix, above), path)
                methods = frozenset({_METHODS[name]}) if _METHODS[name] else None
                yield CodeRoute(whole, methods, place)


def _prefix(tree: SourceTree, folder: str) -> str | None:
    """Return the prefix of all paths of a Nest app; ``None`` where it is computed."""
    for file in tree.under(folder):
        text = tree.read(file) if file.endswith((".ts", ".js")) else ""
        if "setGlobalPrefix(" not in text and "enableVersioning(" not in text:
            continue
        root = tree.parsed(file)
        if "enableVersioning(" in text:
            return None
        call = root.find(pattern="$APP.setGlobalPrefix($PREFIX)") if root is not None else None
        argument = call.get_match("PREFIX") if call else None
        if argument is not None:
            prefix = value(tree, Expression(file, argument))
            return "/" + prefix.strip("/") if isinstance(prefix, str) else None
    return ""


def _controller(decorator: SgNode) -> str | None:
    """Return the path of the controller around a method's decorator."""
    for outer in decorator.ancestors():
        for above in (*outer.children(), *outer.prev_all()):
            if above.kind() == "decorator" and decorator_of(above)[0] == "Controller":
                return decorator_of(above)[1]
    return ""

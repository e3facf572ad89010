"""Event handlers of h3, which Nuxt and Nitro have, rewritten as routes that take a request."""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from cronshift.handlers.javascript import arguments, exports, imports, line_of
from cronshift.handlers.literals import literal, pairs
from cronshift.handlers.tree import language, span_of
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.answers import TEXTS
from cronshift.targets.direct.javascript.data import Answering, refuse_uncaught
from cronshift.targets.direct.javascript.events import refusal, uses
from cronshift.targets.direct.javascript.handler import names_declared, route_function
from cronshift.targets.direct.javascript.routes import (
    ROUTE,
    as_module,
    exported_at,
    gone,
    with_imported,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.javascript.handler import RouteFunction

MODULES = frozenset({"h3", "#imports", "nitropack/runtime", "nitropack", "nitro/h3", "nitro"})
"""The modules that the functions of h3 come from, where they are imported at all."""
_ROUTES = lazy_pattern(r"((?:.*?/)?)(?:routes|api)/")
"""The folders of routes, beside which ``utils`` stands."""
_MAKERS = frozenset({"defineEventHandler", "eventHandler"})
_SPELLED = {
    "getMethod": "request.method",
    "getQuery": "request.query",
    "getRequestHeaders": "request.headers",
    "getHeaders": "request.headers",
    "getRequestURL": "new URL(request.url)",
    "toWebRequest": "request",
    "useRuntimeConfig": "useRuntimeConfig()",
}
"""The calls that ask an event, and how a request is asked."""
_MEMBERS = {
    "method": "request.method",
    "headers": "request.headers",
    "node.req.method": "request.method",
    "node.req.headers": "request.headers",
}
_HEADER = frozenset({"getHeader", "getRequestHeader"})
_STATUS = "setResponseStatus"
_TELLING = frozenset(
    {"setHeader", "setHeaders", "setResponseHeader", "setResponseHeaders", "appendHeader"}
    | {"appendResponseHeader", "handleCors"}
)


class H3Shape(Struct, frozen=True):
    """The event handlers of a framework that stands on h3.

    Attributes:
        title: of the framework.
    """

    title: str
    responds: ClassVar[bool] = False

    def as_route(
        self, tree: SourceTree, file: str, root: SgNode, export: str
    ) -> tuple[SourceTree, str]:
        """Return the project with the handler as a route that takes a request, and its export.

        Raises:
            NotCertainError: where it needs more of its event, or its meaning would not be kept.
        """
        text = with_imported(tree.read(file), list(_automatic(tree, file, root)))
        tree = tree.with_text(file, text)
        root = tree.parsed(file) or root
        function = route_function(root, export)
        maker = function.wrapper.field("function") if function.wrapper is not None else None
        if maker is None or maker.text() not in _MAKERS or not _is_of_h3(maker, root):
            raise NotCertainError(line_of(function.node), "is made by a call that is not read")
        edits = Edits(text)
        answering = Answering(tree, file, function, edits)
        if function.parameters:
            _EventUses(self.title, function, edits, answering).spell()
        refuse_uncaught(function)
        for call in function.body.find_all(kind="call_expression"):
            if _called(call) == "createError" and _is_of_h3(call.field("function"), root):
                statement = refusal(function, call)
                edits.replace(*span_of(statement), _refused(call))
        answering.spell(may_end=True)
        exported_at(function, edits)
        return as_module(tree, file, edits.result()), ROUTE


class _EventUses:
    """The event of a handler, each use of which becomes one of a request."""

    def __init__(
        self, title: str, function: RouteFunction, edits: Edits, answering: Answering
    ) -> None:
        self._title, self._function = title, function
        self._edits, self._answering = edits, answering

    def spell(self) -> None:
        """Spell every use of the event."""
        parameter = self._function.parameters[0]
        name = self._function.parameter(0) or ""
        if name != "request" and next(uses(self._function, "request"), None) is not None:
            raise NotCertainError(line_of(parameter), "has a name `request` beside its event")
        self._edits.replace(*span_of(parameter), "request")
        for node in uses(self._function, name):
            parent = node.parent()
            if parent is not None and parent.kind() == "member_expression":
                self._member(node)
            elif parent is not None and parent.kind() == "arguments":
                self._passed(node, parent)
            else:
                raise NotCertainError(line_of(node), "hands its event on")

    def _member(self, node: SgNode) -> None:
        """Spell what is read of an event itself."""
        path, whole = "", node
        while (above := whole.parent()) is not None and above.kind() == "member_expression":
            read = above.field("property")
            if read is None or above.field("object") != whole:
                break
            path, whole = f"{path}.{read.text()}".lstrip("."), above
            if path in _MEMBERS:
                self._edits.replace(*span_of(whole), _MEMBERS[path])
                return
        assignment = whole.parent()
        if path == "node.res.statusCode" and assignment is not None:
            status = assignment.field("right")
            if self._answering.takes_status(assignment, status):
                return
        first = path.partition(".")[0]
        raise NotCertainError(line_of(node), f"needs {first}, which only {self._title} gives")

    def _passed(self, node: SgNode, passed: SgNode) -> None:
        """Spell a call that is given the event; a project's own that is asked for the caller stays."""
        call = passed.parent()
        if call is None or call.kind() != "call_expression" or call.field("type_arguments"):
            raise NotCertainError(line_of(node), "hands its event on")
        name, others = _called(call), arguments(call)[1:]
        if not _is_of_h3(call.field("function"), self._function.root):
            self._edits.replace(*span_of(node), "request")
        elif name in _SPELLED:
            self._edits.replace(*span_of(call), _SPELLED[name])
        elif name in _HEADER and len(others) == 1:
            self._edits.replace(*span_of(call), f"request.headers.get({others[0].text()})")
        elif name == _STATUS and others and self._answering.takes_status(call, others[0]):
            pass
        elif name == "sendNoContent" and not others:
            self._edits.replace(*span_of(call), "new Response(null, { status: 204 })")
        elif name in _TELLING and _is_statement(call):
            if "retry-after" in call.text().lower():
                raise NotCertainError(line_of(call), "says when to try again")
            gone(call.parent() or call, self._edits)
        else:
            raise NotCertainError(line_of(node), f"needs {name}, which only {self._title} gives")


def _called(call: SgNode) -> str:
    called = call.field("function")
    return called.text() if called is not None else ""


def _is_of_h3(name: SgNode | None, root: SgNode) -> bool:
    """Return whether a name is h3's: imported from there, or by nobody, as Nitro allows."""
    if name is None or name.text() in names_declared(root):
        return False
    source, imported = imports(root).get(name.text(), ("h3", name.text()))
    return source in MODULES and imported == name.text()


def _automatic(tree: SourceTree, file: str, root: SgNode) -> Iterator[str]:
    """Yield the imports of the project's functions that Nitro finds in ``utils`` unasked."""
    routes = _ROUTES.match(file)
    utils = f"{routes[1] if routes is not None else ''}utils"
    imported = imports(root).keys() | names_declared(root)
    called = {_called(call) for call in root.find_all(kind="call_expression")} - imported
    for module in sorted(tree.under(utils)) if called else ():
        there = tree.parsed(module) if language(module) is not None else None
        names = sorted(called & exports(there).keys()) if there is not None else []
        if names:
            stem = str(PurePosixPath(module).with_suffix(""))
            path = posixpath.relpath(stem, posixpath.dirname(file) or ".")
            path = path if path.startswith(".") else f"./{path}"
            yield f'import {{ {", ".join(names)} }} from "{path}";'
            called -= set(names)


def _is_statement(call: SgNode) -> bool:
    parent = call.parent()
    return parent is not None and parent.kind() == "expression_statement"


def _refused(call: SgNode) -> str:
    """Return the statement that answers what ``createError`` makes."""
    passed = arguments(call)
    members = dict(pairs(passed[0])) if passed and passed[0].kind() == "object" else {}
    if len(passed) == 1 and passed[0].kind() in TEXTS:
        return f"return Response.json({{ message: {passed[0].text()} }}, {{ status: 500 }});"
    code = members.get("statusCode") or members.get("status")
    status = literal(code) if code is not None else 500
    if not members or not isinstance(status, int):
        raise NotCertainError(line_of(call), "throws an answer that is not read")
    words = members.get("message") or members.get("statusMessage") or members.get("statusText")
    body = words.text() if words is not None else '""'
    return f"return Response.json({{ message: {body} }}, {{ status: {status} }});"

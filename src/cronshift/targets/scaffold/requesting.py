"""The code of the app that asks for a session: the place, the kind of function, the user."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import FUNCTIONS, arguments, line_of
from cronshift.handlers.literals import pairs
from cronshift.project.conventions.sources import is_test, own_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.sessions.settings import SessionSettings
    from cronshift.targets.scaffold.schema import Model

_ASKED = re.compile(r"\b(?:input|body|data|params|searchParams|payload|json|formData)\b")
_SIGNED_IN = re.compile(r"session|auth|user|ctx\b", re.IGNORECASE)


class RequestKind(StrEnum):
    """The kind of function that asks for a session."""

    PROCEDURE = "tRPC procedure"
    ROUTE = "route handler"
    ACTION = "server action"
    FUNCTION = "function"


class Creation(Struct, frozen=True):
    """A call that writes a session.

    Attributes:
        call: as it stands.
        data: its columns, by their names in the code; ``None`` where they are not written out.
        user: the expression of the session's user.
    """

    file: str
    call: SgNode
    caller: RequestKind
    data: dict[str, SgNode] | None
    user: str | None

    @property
    def place(self) -> str:
        """The place of the call: its file and line."""
        return f"{self.file}:{line_of(self.call)}"

    @property
    def knows_caller(self) -> bool:
        """True when the user is one who has signed in, and none that the request names."""
        user = self.user or ""
        return bool(_SIGNED_IN.search(user)) and not _ASKED.search(user)


def creations(tree: SourceTree, model: Model, settings: SessionSettings) -> Iterator[Creation]:
    """Yield the calls of a Prisma client that write a session."""
    accessor = model.model[:1].lower() + model.model[1:]
    user = model.field(settings.user)
    for file in own_sources(tree):
        text = tree.read(file)
        root = tree.parsed(file) if f".{accessor}.create" in text and not is_test(file) else None
        for call in root.find_all(kind="call_expression") if root is not None else ():
            function = call.field("function")
            if function is None or not function.text().endswith(f".{accessor}.create"):
                continue
            options = {name: value for each in arguments(call)[:1] for name, value in pairs(each)}
            data = options.get("data")
            written = dict(pairs(data)) if data is not None and data.kind() == "object" else None
            whose = written.get(user.attribute) if written and user else None
            expression = whose.text() if whose is not None else None
            yield Creation(file, call, _caller(file, text, call), written, expression)


def _caller(file: str, text: str, call: SgNode) -> RequestKind:
    function = enclosing(call)
    parent = function.parent() if function is not None else None
    outer = parent.parent() if parent is not None else None
    called = outer.field("function") if outer is not None else None
    if called is not None and called.text().endswith(".mutation"):
        return RequestKind.PROCEDURE
    if re.search(r"(^|/)route\.[jt]sx?$", file):
        return RequestKind.ROUTE
    return (
        RequestKind.ACTION if re.match(r"\s*[\"']use server[\"']", text) else RequestKind.FUNCTION
    )


def enclosing(node: SgNode) -> SgNode | None:
    """Return the innermost function that a node stands in."""
    parent = node.parent()
    while parent is not None and parent.kind() not in FUNCTIONS:
        parent = parent.parent()
    return parent

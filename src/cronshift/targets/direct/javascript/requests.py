"""Reads of a request, which become the entry's own values: its query, its schedule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import line_of
from cronshift.handlers.literals import text_of
from cronshift.handlers.tree import span_of
from cronshift.runtime.wire import SCHEDULE_HEADER, USER_AGENT
from cronshift.targets.direct.conversion import Entry, NotCertainError
from cronshift.targets.direct.javascript.chains import (
    asked,
    chain_of,
    is_left,
    member_of,
    operator_of,
)
from cronshift.targets.direct.javascript.handing import nodes_of_work
from cronshift.targets.direct.javascript.handler import RouteFunction, every
from cronshift.targets.direct.javascript.meanings import refuse_rebound
from cronshift.targets.direct.javascript.no_body import no_body

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.targets.direct.edits import Edits

_CREDENTIALS = {"authorization", "cookie", "x-vercel-signature", "x-vercel-cron"}
_OF_HOST = {"host", "x-forwarded-host"}
_WHOLE = "url"
_SETTING = {"assignment_expression", "augmented_assignment_expression"}
_HOST = "${process.env.VERCEL_PROJECT_PRODUCTION_URL}"
_ADDRESS = {
    "host": "{host}",
    "hostname": "{host}",
    "origin": "https://{host}",
    "pathname": "{path}",
    "protocol": "https:",
    _WHOLE: "https://{host}{path}",
}
"""The parts of the address at which the app is called in production, inside of a text."""
_GUARDING = {"x-cronshift-tick", "x-cronshift-run"}
_CHANGING = {"append", "delete", "set", "sort"}
_COMPARING = {"===", "==", "!==", "!="}
_MISSING = {"??", "||"}
_COMPARED = {False: {"string", "null"}, True: {"string"}}
"""What a value may be compared with, by router: what is missing is null, or undefined in pages."""


class RequestEdits:
    """The reads of a request, each with what stands for it.

    Args:
        function: the route's function.
        edits: of its module; what is removed already is not looked at.
        entry: what the request asks.
        typed: whether the module is in TypeScript.
        in_pages: whether it is a route of the pages router.
    """

    def __init__(
        self, function: RouteFunction, edits: Edits, entry: Entry, *, typed: bool, in_pages: bool
    ) -> None:
        self._function, self._edits, self._entry = function, edits, entry
        self._typed, self._in_pages = typed, in_pages
        self._params: set[str] = set()
        self._urls: set[str] = set()
        self._headers: set[str] = set()
        self.needs_query = False

    def apply(self, request: str | None) -> None:
        """Put what the entry says where a request is read.

        Raises:
            NotCertainError: for a read that means something else.
        """
        if request is None:
            return
        refuse_rebound(self._function, request, self._is_gone)
        for declarator in self._declarators():
            self._declared(declarator, request)
        parts = self._params | self._urls | self._headers
        for name in parts:
            refuse_rebound(self._function, name, self._is_gone)
        for node in every(self._function.body):
            kind = node.kind()
            is_member = kind == "shorthand_property_identifier"
            if not (is_member or kind == "identifier") or self._is_gone(node):
                continue
            if is_member and node.text() in {request, *parts}:
                raise NotCertainError(line_of(node), f"needs its request (`{node.text()}`)")
            if node.text() == request:
                self._read(node)
            elif node.text() in parts:
                self._read_through(node)

    def _is_gone(self, node: SgNode) -> bool:
        return self._edits.covers(*span_of(node)) or any(
            self._edits.covers(*span_of(ancestor)) for ancestor in node.ancestors()
        )

    def _declarators(self) -> list[SgNode]:
        return [
            node
            for node in nodes_of_work(self._function)
            if node.kind() == "variable_declarator" and not self._is_gone(node)
        ]

    def _declared(self, declarator: SgNode, request: str) -> None:
        """Take the names that stand for a part of the request, and their declaration away."""
        name, value = declarator.field("name"), declarator.field("value")
        if name is None or value is None:
            return
        what = self._part(value, request)
        if what is None:
            return
        if name.kind() == "identifier":
            {"params": self._params, "url": self._urls, "headers": self._headers}[what].add(
                name.text()
            )
        elif name.kind() == "object_pattern" and what == "url":
            for part in name.children():
                if part.is_named() and part.text() == "searchParams":
                    self._params.add("searchParams")
                elif part.is_named() and part.text() != "search":
                    raise NotCertainError(line_of(part), f"reads {part.text()} of its address")
        else:
            return
        statement = declarator.parent()
        siblings = [
            part for part in (statement.children() if statement is not None else [])
            if part.kind() == "variable_declarator"
        ]  # fmt: skip
        if statement is None or len(siblings) != 1:
            raise NotCertainError(
                line_of(declarator), "declares more than its request's parts at once"
            )
        if name.kind() == "object_pattern" and any(
            part.text() == "search" for part in name.children()
        ):
            text = json.dumps(self._search(declarator))
            self._edits.replace(*span_of(declarator), f"search = {text}")
        else:
            self._edits.remove_lines(*span_of(statement))

    def _part(self, value: SgNode, request: str) -> str | None:
        text = "".join(value.text().split())
        urls = {f"newURL({request}.url)", f"{request}.nextUrl"}
        if text in urls:
            return "url"
        if text in {f"{url}.searchParams" for url in urls} | {
            f"{url}.searchParams" for url in self._urls
        }:
            return "params"
        return "headers" if text == f"{request}.headers" else None

    def _read(self, node: SgNode) -> None:
        """Replace one read of the request itself."""
        chain = chain_of(node)
        members = [member_of(link) for link in chain]
        if members[:1] == ["nextUrl"]:
            self._of_address(node, chain[1:])
        elif members[:1] == ["headers"]:
            self._header(chain[0])
        elif members[:1] == ["method"]:
            raise NotCertainError(line_of(node), "tells methods apart")
        elif members[:1] == ["query"]:
            self._page_query(chain[0])
        elif members[:1] == ["url"] and self._in_pages:
            self._edits.replace(*span_of(chain[0]), json.dumps(self._path(node)))
        elif members[:1] == ["url"]:
            self._url(chain[0])
        elif members[:1] == ["json"] and (body := no_body(chain[0], typed=self._typed)) is not None:
            self._edits.replace(*body)
        else:
            what = f".{members[0]}" if members else ""
            raise NotCertainError(line_of(node), f"needs its request (`{node.text()}{what}`)")

    def _url(self, node: SgNode) -> None:
        """Replace the address, or what ``new URL(request.url)`` is asked for."""
        new = next((each for each in node.ancestors() if each.kind() == "new_expression"), None)
        is_whole = new is not None and "".join(new.text().split()) == f"newURL({node.text()})"
        if new is not None and is_whole:
            self._of_address(node, chain_of(new))
        else:
            self._write_address(node, _WHOLE)

    def _of_address(self, node: SgNode, chain: list[SgNode]) -> None:
        """Replace what a URL of the request is asked for by the first of its members."""
        member = member_of(chain[0]) if chain else ""
        if member == "searchParams":
            self._asked_of_query(chain[0])
        elif member == "search":
            self._edits.replace(*span_of(chain[0]), json.dumps(self._search(node)))
        elif member in _ADDRESS:
            self._write_address(chain[0], member)
        else:
            raise NotCertainError(line_of(node), "needs the address that it was called at")

    def _write_address(self, node: SgNode, member: str) -> None:
        """Write a part of the address that the app has in production, or all of it."""
        path = self._path(node) if member == _WHOLE else self._entry.path.partition("?")[0]
        parent = node.parent()
        is_set = parent is not None and parent.kind() in _SETTING and is_left(node, parent)
        if is_set or not set("`$\\").isdisjoint(path):
            raise NotCertainError(line_of(node), "needs the address that it was called at")
        self._write_in_text(node, _ADDRESS[member].format(host=_HOST, path=path))

    def _write_in_text(self, node: SgNode, text: str, alone: str | None = None) -> None:
        """Write a text with expressions in it, as a part of the one around it or as one ``alone``."""
        around = node.parent()
        if around is not None and around.kind() == "template_substitution":
            self._edits.replace(*span_of(around), text)
        else:
            whole = f"`{text}`" if "$" in text else json.dumps(text)
            self._edits.replace(*span_of(node), whole if alone is None else alone)

    def _read_through(self, node: SgNode) -> None:
        """Replace a read by a name that stands for a part of the request."""
        name, chain = node.text(), chain_of(node)
        if name in self._params:
            self._asked_of_query(node)
        elif name in self._headers:
            self._header(node)
        else:
            self._of_address(node, chain)

    def _search(self, node: SgNode) -> str:
        if self._entry.parameter is not None:
            raise NotCertainError(
                line_of(node), "reads its whole query, which differs from run to run"
            )
        return self._entry.search

    def _path(self, node: SgNode) -> str:
        if self._entry.parameter is not None:
            raise NotCertainError(
                line_of(node), "reads its whole query, which differs from run to run"
            )
        return self._entry.path

    def _asked_of_query(self, params: SgNode) -> None:
        """Replace ``params.get("a")`` by its value, and every other use by the query itself."""
        if any(member_of(link) in _CHANGING for link in chain_of(params)[:1]):
            raise NotCertainError(line_of(params), "changes its query")
        call, name = asked(params, "get")
        if call is not None and name is not None:
            if name == self._entry.parameter and self._entry.value(name) is None:
                self._write_given(call, name)
                return
            if self._write_constant(call, self._entry.value(name)):
                return
        if self._entry.parameter is not None:
            raise NotCertainError(
                line_of(params), "reads its query in a way that only a request answers"
            )
        self.needs_query = True
        self._edits.replace(*span_of(params), "query")

    def _write_given(self, call: SgNode, name: str) -> None:
        """Write the value that the function is given, which is never missing."""
        parent = call.parent()
        whole = parent if parent is not None and operator_of(parent) == "??" else call
        declarator = whole.parent()
        bound = declarator.field("name") if declarator is not None else None
        statement = declarator.parent() if declarator is not None else None
        if bound is not None and statement is not None and bound.text() == name:
            self._edits.remove_lines(*span_of(statement))
        elif self._declares(name):
            raise NotCertainError(line_of(call), f"declares {name}, which it is given")
        else:
            self._edits.replace(*span_of(whole), name)

    def _declares(self, name: str) -> bool:
        bound = (declarator.field("name") for declarator in self._declarators())
        return any(node is not None and node.text() == name for node in bound)

    def _write_constant(self, call: SgNode, value: str | None) -> bool:
        """Write a value of the query, or what stands for one that is missing."""
        parent = call.parent()
        operator = operator_of(parent) if parent is not None else None
        if parent is not None and operator in _MISSING and is_left(call, parent):
            right = parent.field("right")
            if right is None:
                return False
            if value is None or (operator == "||" and not value):
                start, end = span_of(parent)
                first, last = span_of(right)
                self._edits.replace(start, first, self._annotated(parent, right))
                self._edits.replace(last, end, "")
            else:
                self._write_text(parent, value)
            return True
        if parent is not None and operator in _COMPARING:
            other = parent.field("right") if is_left(call, parent) else parent.field("left")
            if other is not None and other.kind() in _COMPARED[self._in_pages]:
                is_same = (None if other.kind() == "null" else text_of(other)) == value
                truth = is_same if operator in {"===", "=="} else not is_same
                self._edits.replace(*span_of(parent), "true" if truth else "false")
                return True
        if (
            value is not None
            and parent is not None
            and parent.kind() in {"variable_declarator", "pair"}
        ):
            self._write_text(call, value)
            return True
        return False

    def _annotated(self, node: SgNode, value: SgNode) -> str:
        """Keep a constant as wide as it was: TypeScript takes a literal for its only value."""
        declarator = node.parent()
        if self._typed and value.kind() == "string" and declarator is not None:
            self._widen(declarator)
        return ""

    def _write_text(self, node: SgNode, value: str) -> None:
        declarator = node.parent()
        if self._typed and declarator is not None:
            self._widen(declarator)
        self._edits.replace(*span_of(node), json.dumps(value))

    def _widen(self, declarator: SgNode) -> None:
        name = declarator.field("name") if declarator.kind() == "variable_declarator" else None
        if name is not None and name.kind() == "identifier" and declarator.field("type") is None:
            end = span_of(name)[1]
            self._edits.replace(end, end, ": string")

    def _header(self, headers: SgNode) -> None:
        """Replace a header that Vercel sends with every call, or that it never sends."""
        call, name = asked(headers, "get")
        parent = headers.parent()
        if (
            name is None
            and parent is not None
            and parent.kind() in {"subscript_expression", "member_expression"}
        ):
            index = parent.field("index") or parent.field("property")
            call, name = parent, text_of(index) if index is not None else None
        name = name.lower() if name is not None else None
        if call is None or name is None or name in _CREDENTIALS | _GUARDING:
            what = f"the header {name}" if name else "its headers"
            raise NotCertainError(line_of(headers), f"needs {what} for more than a check")
        if name in _OF_HOST:
            self._write_in_text(call, _HOST, alone=_HOST[2:-1])
            return
        values = {
            SCHEDULE_HEADER.lower(): self._entry.schedule,
            "user-agent": USER_AGENT,
            "x-forwarded-proto": "https",
        }
        value = values.get(name)
        if value is None:
            raise NotCertainError(line_of(headers), f"needs the header {name}")
        if not self._write_constant(call, value):
            self._write_in_text(call, value)

    def _page_query(self, query: SgNode) -> None:
        """Replace ``req.query`` of the pages router."""
        if self._entry.parameter is not None:
            raise NotCertainError(
                line_of(query), "reads its query in a way that only a request answers"
            )
        values: dict[str, str | list[str]] = {}
        for name, value in self._entry.query:
            there = values.get(name)
            values[name] = (
                value
                if there is None
                else [*(there if isinstance(there, list) else [there]), value]
            )
        parent = query.parent()
        member = (
            parent.field("property")
            if parent is not None and parent.kind() == "member_expression"
            else None
        )
        if parent is not None and member is not None:
            value_there = values.get(member.text())
            if isinstance(value_there, list) or not self._write_constant(parent, value_there):
                self._edits.replace(*span_of(query), self._query_object(values))
            return
        self._edits.replace(*span_of(query), self._query_object(values))

    def _query_object(self, values: dict[str, str | list[str]]) -> str:
        members = ", ".join(
            f"{json.dumps(name)}: {json.dumps(value)}" for name, value in values.items()
        )
        text = f"{{ {members} }}" if members else "{}"
        return (
            f"({text} as Record<string, string | string[] | undefined>)"
            if self._typed
            else f"({text})"
        )

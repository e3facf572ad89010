"""Handlers that take a context, or a request and a reply, rewritten as ones that take a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from cronshift.handlers.javascript import arguments, line_of
from cronshift.handlers.literals import literal
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.answers import NOTHINGS, TEXTS, short
from cronshift.targets.direct.javascript.chains import chain_of, is_left, member_of, operator_of
from cronshift.targets.direct.javascript.data import Answering, refuse_uncaught
from cronshift.targets.direct.javascript.endings import following_of, is_last
from cronshift.targets.direct.javascript.events import refusal, uses
from cronshift.targets.direct.javascript.handler import route_function, statements_of
from cronshift.targets.direct.javascript.routes import as_module, gone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.javascript.handler import RouteFunction

_RETRY_AFTER = "retry-after"
_STATUSES = frozenset({"code", "status"})
_REQUESTS = {"headers": "request.headers", "query": "request.query", "method": "request.method"}


class ContextShape(Struct, frozen=True):
    """The handlers of a framework that take a context, or a request and a reply.

    Attributes:
        title: of the framework.
        members: what a request is asked for, by the members that ask the first parameter.
        headers: the methods that give a header.
        queries: those that give a value of the query, or nothing.
        answers: those that make an answer, and what the web has in their place.
        telling: those that only set a header.
        refusing: that by which it answers with an error at once.
        assigned: whether an answer is what the members ``body`` and ``status`` are set to.
        replies: whether a second parameter sends the answer, and else what is returned is one.
    """

    title: str
    members: Mapping[str, str]
    headers: frozenset[str] = frozenset()
    queries: frozenset[str] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    telling: frozenset[str] = frozenset()
    refusing: str = ""
    assigned: bool = False
    replies: bool = False

    @property
    def responds(self) -> bool:
        """True where its handlers return answers alone."""
        return not (self.assigned or self.replies)

    def as_route(
        self, tree: SourceTree, file: str, root: SgNode, export: str
    ) -> tuple[SourceTree, str]:
        """Return the project with a handler as a route that takes a request.

        Raises:
            NotCertainError: where it needs more of its context, or its meaning would not be kept.
        """
        function = route_function(root, export)
        edits = Edits(tree.read(file))
        answering = Answering(tree, file, function, edits)
        _Uses(self, function, edits, answering).spell()
        if self.assigned or self.replies:
            refuse_uncaught(function)
        if self.replies:
            answering.spell()
        return as_module(tree, file, edits.result(), export), export


HONO = ContextShape(
    "Hono",
    {"req.url": "request.url", "req.method": "request.method", "req.raw": "request"},
    headers=frozenset({"req.header"}),
    queries=frozenset({"req.query"}),
    answers={"json": "Response.json", "text": "new Response", "body": "new Response"},
    telling=frozenset({"header"}),
)
KOA = ContextShape(
    "Koa",
    {
        **_REQUESTS,
        "search": "request.nextUrl.search",
        **{f"request.{name}": spelled for name, spelled in _REQUESTS.items()},
        "header": "request.headers",
        "req.headers": "request.headers",
    },
    headers=frozenset({"get", "request.get"}),
    telling=frozenset({"set", "response.set"}),
    refusing="throw",
    assigned=True,
)
FASTIFY = ContextShape("Fastify", _REQUESTS, replies=True)


class _Uses:
    """The uses of a handler's parameters, each of which becomes one of a request."""

    def __init__(
        self, shape: ContextShape, function: RouteFunction, edits: Edits, answering: Answering
    ) -> None:
        self._shape, self._function = shape, function
        self._edits, self._answering = edits, answering

    def spell(self) -> None:
        """Spell every use, and the parameters as a request alone."""
        function, parameters = self._function, self._function.parameters
        if not parameters:
            return
        names = [function.parameter(number) or "" for number in range(len(parameters))]
        first, second = names[0], names[1] if len(names) > 1 else None
        if first != "request" and next(uses(function, "request"), None) is not None:
            raise NotCertainError(line_of(parameters[0]), "has a name `request` already")
        for number, name in enumerate(names[1:], 1):
            if not (self._shape.replies and number == 1):
                for node in uses(function, name):
                    raise NotCertainError(line_of(node), f"needs {name}")
        self._edits.replace(span_of(parameters[0])[0], span_of(parameters[-1])[1], "request")
        for node in uses(function, first):
            self._asked(node)
        for node in uses(function, second) if second is not None and self._shape.replies else ():
            self._reply(node)

    def _asked(self, node: SgNode) -> None:
        """Spell what is asked of the first parameter."""
        path, whole, shape = "", node, self._shape
        for link in chain_of(node):
            path, whole = f"{path}.{member_of(link)}".lstrip("."), link
            if path in shape.members:
                self._edits.replace(*span_of(whole), shape.members[path])
                return
            call = link.parent()
            is_called = call is not None and call.kind() == "call_expression"
            if call is not None and is_called and call.field("function") == link:
                if self._called(path, call):
                    return
                break
        if shape.assigned and self._assigned(path, whole):
            return
        if not path:
            raise NotCertainError(line_of(node), f"hands its {node.text()} on")
        raise NotCertainError(line_of(node), f"needs {path}, which only {shape.title} gives")

    def _called(self, path: str, call: SgNode) -> bool:
        """Spell a method that is called; return whether it is read."""
        shape, passed = self._shape, arguments(call)
        if path in shape.headers and len(passed) == 1:
            self._edits.replace(*span_of(call), f"request.headers.get({passed[0].text()})")
        elif path in shape.queries and len(passed) == 1:
            self._edits.replace(*span_of(call), _value_of_query(call, passed[0].text()))
        elif path in shape.answers and passed:
            self._answer(call, shape.answers[path], passed)
        elif path in shape.telling:
            self._tell(call)
        elif path == shape.refusing and passed:
            self._edits.replace(*span_of(refusal(self._function, call)), _refused(call, passed))
        else:
            return False
        return True

    def _answer(self, call: SgNode, made: str, passed: list[SgNode]) -> None:
        """Spell an answer that a method makes; its headers are of no consequence but one."""
        called = call.field("function")
        body, *others = passed
        if any(_RETRY_AFTER in other.text().lower() for other in others):
            raise NotCertainError(line_of(call), "says when to try again")
        if called is None or len(others) > 1 and others[1].kind() != "object":  # noqa: RUF021
            raise NotCertainError(line_of(call), "answers in a way that is not read")
        self._edits.replace(*span_of(called), made)
        if others:
            status = others[0]
            text = status.text() if status.kind() == "object" else f"{{ status: {status.text()} }}"
            self._edits.replace(span_of(body)[1], span_of(call)[1] - 1, f", {text}")

    def _tell(self, call: SgNode) -> None:
        """Take a header away that an answer would have had."""
        statement = call.parent()
        if _RETRY_AFTER in call.text().lower():
            raise NotCertainError(line_of(call), "says when to try again")
        if statement is None or statement.kind() != "expression_statement":
            raise NotCertainError(line_of(call), "answers in a way that is not read")
        gone(statement, self._edits)

    def _assigned(self, path: str, member: SgNode) -> bool:
        """Spell an answer that is what members are set to; return whether it is read."""
        assignment, name = member.parent(), path.removeprefix("response.")
        statement = assignment.parent() if assignment is not None else None
        value = assignment.field("right") if assignment is not None else None
        is_set = assignment is not None and assignment.kind() == "assignment_expression"
        if name not in {"body", "status"} or statement is None or value is None or not is_set:
            return False
        if statement.kind() != "expression_statement":
            return False
        if name == "status":
            return self._is_beside_body(statement)
        status = self._status_beside(statement)
        behind = following_of(statement)
        while behind is not None and self._status_of(behind) is not None:
            behind = following_of(behind)
        if behind is not None and behind.text() not in {"return;", "return"}:
            raise NotCertainError(line_of(statement), "goes on after its answer")
        if behind is None and not is_last(self._function, statement):
            raise NotCertainError(line_of(statement), "goes on after its answer")
        if behind is not None:
            gone(behind, self._edits)
        self._write(statement, value, status, "return ")
        return True

    def _write(
        self, whole: SgNode, value: SgNode | None, status: str | None, before: str = ""
    ) -> None:
        """Write an answer with a value as its body where a node stands."""
        start, end = span_of(whole)
        options = f", {{ status: {status} }}" if status is not None else ""
        if value is None or value.kind() in NOTHINGS:
            empty = options or (", { status: 204 }" if self._shape.assigned else "")
            self._swap(start, end, f"{before}new Response(null{empty}){';' if before else ''}")
            return
        is_data = self._answering.is_data(value)
        if value.kind() not in TEXTS and not is_data:
            why = f"answers with {short(value)}, which is not spelled out"
            raise NotCertainError(line_of(value), why)
        first, last = span_of(value)
        made = "Response.json(" if is_data else "new Response("
        self._swap(start, first, f"{before}{made}")
        self._swap(last, end, f"{options}){';' if before else ''}")

    def _swap(self, start: int, end: int, text: str) -> None:
        """Put a text where another stands, on as many lines."""
        self._edits.replace(start, end, text + "\n" * self._edits.text.count("\n", start, end))

    def _status_of(self, statement: SgNode) -> SgNode | None:
        """Return the status that a statement sets."""
        assignment = statement.child(0) if statement.kind() == "expression_statement" else None
        left = assignment.field("left") if assignment is not None else None
        name = self._function.parameter(0)
        is_status = left is not None and left.text() in {
            f"{name}.status",
            f"{name}.response.status",
        }
        return assignment.field("right") if assignment is not None and is_status else None

    def _status_beside(self, statement: SgNode) -> str | None:
        """Return the status that is set in the same block as a body; it goes."""
        block = statement.parent()
        statuses = [
            (each, status)
            for each in (statements_of(block) if block is not None else ())
            if (status := self._status_of(each)) is not None
        ]
        if len(statuses) > 1:
            raise NotCertainError(line_of(statement), "says the status of its answer twice")
        for each, _ in statuses:
            gone(each, self._edits)
        return statuses[0][1].text() if statuses else None

    def _is_beside_body(self, statement: SgNode) -> bool:
        """Return whether the body is set in the block where a status is."""
        block, name = statement.parent(), self._function.parameter(0)
        bodies = (f"{name}.body =", f"{name}.response.body =")
        return block is not None and any(
            each.text().startswith(bodies) for each in statements_of(block)
        )

    def _reply(self, node: SgNode) -> None:
        """Spell an answer that a reply sends: ``reply.code(503).send(body)``."""
        inner, status = node, None
        while True:
            link = inner.parent()
            call = (
                link.parent() if link is not None and link.kind() == "member_expression" else None
            )
            if link is None or call is None or call.kind() != "call_expression":
                raise NotCertainError(line_of(node), f"hands its {node.text()} on")
            method, passed = member_of(link), arguments(call)
            if method in _STATUSES and len(passed) == 1:
                status = passed[0].text()
            elif method in {"header", "headers", "type"}:
                if _RETRY_AFTER in call.text().lower():
                    raise NotCertainError(line_of(call), "says when to try again")
            elif method == "send":
                break
            else:
                raise NotCertainError(
                    line_of(node), f"needs {method}, which only {self._shape.title} gives"
                )
            inner = call
            above = call.parent()
            if above is not None and above.kind() == "expression_statement" and status is None:
                gone(above, self._edits)
                return
        self._send(call, passed[0] if passed else None, status)

    def _send(self, call: SgNode, value: SgNode | None, status: str | None) -> None:
        """Spell the call that sends an answer."""
        statement = call.parent()
        if statement is None or statement.kind() != "expression_statement":
            self._write(call, value, status)
            return
        behind = following_of(statement)
        is_end = behind is None and is_last(self._function, statement)
        if not is_end and (behind is None or behind.text() not in {"return;", "return"}):
            raise NotCertainError(line_of(statement), "goes on after its answer")
        if behind is not None:
            gone(behind, self._edits)
        self._write(statement, value, status, "return ")


def _value_of_query(call: SgNode, name: str) -> str:
    """Return the expression of a value of the query, or of undefined where that could be told from null."""
    value = f"request.nextUrl.searchParams.get({name})"
    parent = call.parent()
    operator = operator_of(parent) if parent is not None else None
    if parent is not None and operator in {"??", "||"} and is_left(call, parent):
        return value
    other = parent.field("right") if parent is not None and operator in {"===", "!=="} else None
    return value if other is not None and other.kind() == "string" else f"({value} ?? undefined)"


def _refused(call: SgNode, passed: list[SgNode]) -> str:
    """Return the statement that answers what ``throw(status, message)`` throws."""
    status = literal(passed[0])
    if not isinstance(status, int) or len(passed) > 2:  # noqa: PLR2004
        raise NotCertainError(line_of(call), "throws an answer that is not read")
    body = passed[1].text() if len(passed) > 1 else '""'
    return f"return Response.json({{ message: {body} }}, {{ status: {status} }});"

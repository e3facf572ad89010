"""The clauses of a ``try``: which of them catches an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.flow import code
from cronshift.handlers.flow.values import ClassValue, ObjectValue, Taint, Unknown, Value
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OF_OTHERS = lazy_pattern(
    r"(?:^|\.)(?:psycopg2?|sqlite3|pymysql|asyncpg|aiohttp|botocore)\.(?:\w+\.)*\w*Error$|(?:^|\.)\w*(?:Request|HTTP|Http|"
    r"Api|API|Client|Service|Connect|Timeout|SMTP|Smtp|Database|Operational|SQLAlchemy|Network|Mail|Mongo|Redis|"
    r"Telegram|Twilio|Stripe|Slack|OpenAI|URL|IO|OS|Socket|Transport|Server|Gateway|Upstream|External|Provider|"
    r"Delivery)\w*(?:Error|Exception)$|(?:^|\.)(?:RequestException|HTTPError|Timeout|SMTPException)$"
)
"""Names of what Python raises where a call to somebody else fails."""
_MOST_BASES = 5
_SAYING = lazy_pattern(r"^(?:print|(?:\w+\.)*_?(?:console|log(?:ger|ging)?)\.\w+)$", re.IGNORECASE)
_AT_HAND = (
    code.Bind | code.Choice | code.Do | code.If | code.Joined | code.Listed | code.Logical | code.Member
    | code.ObjectExpression | code.Return | code.StatementBlock | code.Constant | code.Name | code.NamePattern
)  # fmt: skip
"""What is made of values at hand."""


def _catches(clause: code.Catch, error: Value) -> bool:
    """Return whether a clause catches an error: all, by its name, or by what it is not told."""
    if not clause.types:
        return True
    broad = {"Exception", "BaseException"}
    if isinstance(error, ObjectValue) and error.of is not None:  # a class of the project's own
        return bool({*_class_names(error.of), *broad} & set(clause.types))
    if isinstance(error, ObjectValue):  # HTTPException and its like
        return bool({"HTTPException", *broad} & set(clause.types))
    name = error.name if isinstance(error, Unknown) else ""
    return bool(broad & set(clause.types)) or name in clause.types


def _class_names(kind: ClassValue) -> Iterator[str]:
    """Yield the names of a class and of those that it is made from, as far as its files tell."""
    for _ in range(_MOST_BASES):
        yield kind.code.name
        bases = [base.name for base in kind.code.bases if isinstance(base, code.Name)]
        yield from bases
        made = [kind.scope.names.get(base) for base in bases]
        base = next((value for value in made if isinstance(value, ClassValue)), None)
        if base is None:
            return
        kind = base


def clause_of(clauses: Sequence[code.Catch], error: Value) -> code.Catch | None:
    """Return the clause that catches an error: one that surely does before one that may."""
    surely = (clause for clause in clauses if _catches(clause, error))
    maybe = (clause for clause in clauses if _may_catch(clause, error))
    return next(surely, None) or next(maybe, None)


def _may_catch(clause: code.Catch, error: Value) -> bool:
    """Return whether a clause catches what calls to others fail with, if by its name: ``HTTPError``."""
    is_tried = isinstance(error, Unknown) and Taint.FAILURE in error.taints
    return is_tried and any(_OF_OTHERS.search(name) for name in clause.types)


def leaves(body: Sequence[code.Statement], *ways: str) -> bool:
    """Return whether statements may leave by one of some ways: return, raise, break, continue."""
    return any(_leaves(node, ways) for node in body)


def surely_leaves(body: Sequence[code.Statement], *ways: str) -> bool:
    """Return whether statements leave by one of some ways in any case."""
    return any(
        surely_leaves(node.yes, *ways) and surely_leaves(node.no, *ways)
        if isinstance(node, code.If)
        else not isinstance(node, code.Try) and _leaves(node, ways)
        for node in body
    )


def _leaves(node: code.Statement, ways: Sequence[str]) -> bool:
    match node:
        case code.Return():
            return "return" in ways
        case code.Raise():
            return "raise" in ways
        case code.Leave(kind=kind):
            return kind in ways
        case code.If(yes=yes, no=no):
            return leaves(yes, *ways) or leaves(no, *ways)
        case code.StatementBlock(body=body) | code.Try(body=body):
            return leaves(body, *ways)
    return False


def throws(function: code.Function) -> bool:
    """Return whether a function itself throws, where none of its own clauses catches that."""
    return any(map(_throws, function.body()))


def only_says(function: code.Function) -> bool:
    """Return whether a function gives what it has at hand, and writes lines of a log: it cannot fail."""
    return _only_says(function.body())


def _only_says(node: object) -> bool:
    if isinstance(node, tuple):
        return all(map(_only_says, node))
    if isinstance(node, code.CallExpression):
        is_said = _SAYING.search(code.called_name(node.called)) is not None
        return is_said and _only_says(node.arguments)
    if isinstance(node, _AT_HAND):
        return all(_only_says(getattr(node, name)) for name in node.__struct_fields__)
    return not isinstance(node, Struct) or isinstance(node, code.CodePlace)


def _throws(node: code.Statement) -> bool:
    match node:
        case code.Raise():
            return True
        case code.If(yes=yes, no=no):
            inner = (*yes, *no)
        case code.Loop(body=body) | code.StatementBlock(body=body):
            inner = body
        case code.Try(body=body, catches=catches, final=final):
            caught = body if not catches else ()
            inner = (*caught, *final, *(part for clause in catches for part in clause.body))
        case _:
            return False
    return any(map(_throws, inner))

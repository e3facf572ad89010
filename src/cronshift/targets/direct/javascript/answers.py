"""Answers become results, and error answers become errors."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.javascript import FUNCTIONS, arguments, line_of
from cronshift.handlers.literals import literal, pairs
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.chains import operator_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode

NON_RETRIABLE, RETRY_AFTER = "NonRetriableError", "RetryAfterError"
FIRST_REDIRECT, FIRST_ERROR = 300, 400
_JSON = {"NextResponse.json", "Response.json"}
_CONSTRUCTED = {"Response", "NextResponse"}
_SENDING = {"json", "send", "end"}
_WRITING = {"join", "toFixed", "toISOString", "toLowerCase", "toString", "toUpperCase", "trim"}
"""The methods that give a text, of whatever has them."""
TEXTS = {"string", "template_string"}
NOTHINGS = {"null", "undefined"}
_LATER = re.compile(r"retry-after", re.IGNORECASE)


_CAST_MESSAGE = lazy_pattern(r"\(\w+ as Error\)\.message")


class Media(StrEnum):
    """The form in which an answer carries its body."""

    JSON = "json"
    TEXT = "text"


class SpelledAnswer(Struct, frozen=True):
    """An answer that code spells out.

    Attributes:
        status: ``None`` where it is one of two, which ``condition`` chooses.
        condition: an expression.
        failing: whether the condition chooses the error.
        failure: the status of the error that may be chosen.
    """

    node: SgNode
    body: SgNode | None
    media: Media
    status: int | None
    condition: str | None = None
    failing: bool = True
    failure: int = 0

    @property
    def is_result(self) -> bool:
        """True for an answer of success."""
        return self.status is not None and self.status < FIRST_REDIRECT


def answer_of(node: SgNode | None) -> SpelledAnswer | None:
    """Return the answer that an expression is, ``None`` where it is none that is spelled out."""
    if node is None:
        return None
    if node.kind() in {"parenthesized_expression", "as_expression"}:
        return answer_of(node.child(1 if node.kind() == "parenthesized_expression" else 0))
    if node.kind() == "new_expression":
        constructor = node.field("constructor")
        if constructor is None or constructor.text() not in _CONSTRUCTED:
            return None
        return _built(node, Media.TEXT)
    called = node.field("function") if node.kind() == "call_expression" else None
    if called is None:
        return None
    return _built(node, Media.JSON) if called.text() in _JSON else _sent(node, called)


def is_made_of_json(node: SgNode) -> bool:
    """Return whether a node makes an answer of data, whatever its status."""
    called = node.field("function") if node.kind() == "call_expression" else None
    return called is not None and called.text() in _JSON


def answer_at(node: SgNode) -> bool:
    """Return whether a node makes an answer, whatever its status."""
    try:
        return node.kind() in {"new_expression", "call_expression"} and answer_of(node) is not None
    except NotCertainError:
        return True


def error_status(node: SgNode | None) -> int | None:
    """Return the status of an expression that is an error's answer."""
    try:
        answer = answer_of(node)
    except NotCertainError:
        return None
    status = answer.status if answer is not None else None
    return status if status is not None and status >= FIRST_ERROR else None


def _built(node: SgNode, media: Media) -> SpelledAnswer:
    passed = arguments(node)
    body, options = (passed[0] if passed else None), (passed[1] if len(passed) > 1 else None)
    members = dict(pairs(options)) if options is not None and options.kind() == "object" else {}
    if options is not None and options.kind() != "object":
        raise NotCertainError(line_of(options), "answers with a status that is not spelled out")
    if options is not None and any(
        child.kind() == "spread_element" for child in options.children()
    ):
        raise NotCertainError(line_of(options), "answers with a status that is not spelled out")
    headers = members.get("headers")
    if headers is not None and _LATER.search(headers.text()):
        raise NotCertainError(line_of(headers), "says when to try again")
    for option in (headers, members.get("statusText")):
        if option is not None and option.find(kind="await_expression") is not None:
            raise NotCertainError(line_of(option), "answers with headers that are awaited")
    if media is Media.TEXT and body is not None:
        media, body = _text(body, headers)
    return _with_status(SpelledAnswer(node, body, media, 200), members.get("status"))


def _text(body: SgNode, headers: SgNode | None) -> tuple[Media, SgNode]:
    """Return the form of a body, and the body: JSON where it is made so and labelled so."""
    called = body.field("function") if body.kind() == "call_expression" else None
    if called is not None and called.text() == "JSON.stringify" and len(arguments(body)) == 1:
        is_told = headers is not None and "json" in headers.text()
        return (Media.JSON, arguments(body)[0]) if is_told else (Media.TEXT, body)
    if body.kind() in NOTHINGS or _is_text(body):
        return Media.TEXT, body
    raise NotCertainError(line_of(body), f"answers with {short(body)}, which may be a stream")


def _is_text(node: SgNode | None) -> bool:
    """Return whether an expression is a text for certain: how it is made says so."""
    value = _constant(node) if node is not None and node.kind() == "identifier" else node
    if value is None:
        return False
    kind, called = value.kind(), value.field("function")
    if kind == "parenthesized_expression":
        return _is_text(value.child(1))
    if kind == "binary_expression":
        operator, sides = value.field("operator"), (value.field("left"), value.field("right"))
        return operator is not None and operator.text() == "+" and any(map(_is_text, sides))
    if kind == "ternary_expression":
        arms = (value.field("consequence"), value.field("alternative"))
        return all(_is_text(arm) or _is_words(arm, value.field("condition")) for arm in arms)
    if kind == "call_expression" and called is not None:
        member = called.field("property")
        return called.text() == "String" or (member is not None and member.text() in _WRITING)
    return kind in TEXTS


def is_message(node: SgNode) -> bool:
    """Return whether an expression is the message of an error, or another text that is never missing."""
    operator, left = operator_of(node), node.field("left")
    if operator in {"||", "??"} and left is not None:
        return left.text().endswith(".message") and _is_text(node.field("right"))
    if _CAST_MESSAGE.fullmatch(node.text()):
        return True
    return _is_text(node) and "?." not in node.text()


def _is_words(node: SgNode | None, condition: SgNode | None) -> bool:
    """Return whether an expression is the message of what a condition tells to be an error."""
    if node is None or condition is None or not node.text().endswith(".message"):
        return False
    return (
        condition.text().strip("()") == f"{node.text().removesuffix('.message')} instanceof Error"
    )


def _with_status(answer: SpelledAnswer, status: SgNode | None) -> SpelledAnswer:
    """Return an answer with the status that an expression is: a number, one of two, or a name of these."""
    if status is None:
        return answer
    is_name = status.kind() in {"identifier", "shorthand_property_identifier"}
    value = _constant(status) if is_name else status
    number = literal(value) if value is not None else None
    if isinstance(number, int) and not isinstance(number, bool) and not is_name:
        return replace(answer, status=number)
    if value is not None and value.kind() == "ternary_expression":
        condition = value.field("condition")
        first, second = literal(value.field("consequence")), literal(value.field("alternative"))
        if isinstance(first, int) and isinstance(second, int) and condition is not None:
            errors = [code >= FIRST_ERROR for code in (first, second)]
            successes = [FIRST_REDIRECT > code >= 200 for code in (first, second)]  # noqa: PLR2004
            if all(successes) and not is_name:
                return answer
            if any(errors) and any(successes):
                failure = first if errors[0] else second
                asked = f"{status.text()} >= {FIRST_ERROR}" if is_name else condition.text()
                failing = is_name or errors[0]
                return replace(
                    answer, status=None, condition=asked, failing=failing, failure=failure
                )
    raise NotCertainError(line_of(status), "answers with a status that is not spelled out")


def _constant(name: SgNode) -> SgNode | None:
    """Return the value of a constant that is declared in a block around its use."""
    for block in name.ancestors():
        if block.kind() in FUNCTIONS:
            return None
        for statement in block.children() if block.kind() == "statement_block" else ():
            declarator = statement.child(1) if statement.kind() == "lexical_declaration" else None
            bound = declarator.field("name") if declarator is not None else None
            if declarator is not None and bound is not None and bound.text() == name.text():
                is_constant = statement.text().startswith("const ")
                return declarator.field("value") if is_constant else None
    return None


def _sent(node: SgNode, called: SgNode) -> SpelledAnswer | None:
    """Return the answer that ``res.status(200).json(x)`` sends."""
    inner, member = called.field("object"), called.field("property")
    if inner is None or member is None or member.text() not in _SENDING:
        return None
    body = next(iter(arguments(node)), None)
    media = Media.TEXT if member.text() == "end" else Media.JSON
    if inner.kind() == "identifier":
        return SpelledAnswer(node, body, media, 200)
    status = inner.field("function") if inner.kind() == "call_expression" else None
    member = status.field("property") if status is not None else None
    if member is None or member.text() != "status" or len(arguments(inner)) != 1:
        return None
    return _with_status(SpelledAnswer(node, body, media, 200), arguments(inner)[0])


def short(node: SgNode) -> str:
    """Return an expression on one short line, in backticks."""
    text = " ".join(node.text().split())
    return f"`{text if len(text) <= 40 else text[:39] + '…'}`"  # noqa: PLR2004

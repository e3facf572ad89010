"""A function's answers become its results, and its error answers the errors that it throws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, line_of
from cronshift.handlers.literals import pairs
from cronshift.handlers.tree import span_of
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.wire import RETRIED_STATUSES
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.answers import (
    FIRST_ERROR,
    FIRST_REDIRECT,
    NON_RETRIABLE,
    NOTHINGS,
    TEXTS,
    Media,
    SpelledAnswer,
    answer_of,
    is_message,
    short,
)
from cronshift.targets.direct.javascript.built_answer import lead_of
from cronshift.targets.direct.javascript.endings import ends, following_of, is_last
from cronshift.targets.direct.javascript.error_causes import cause_of
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    every,
    is_in_awaited_loop,
)
from cronshift.targets.direct.javascript.layout import lift, words_before

if TYPE_CHECKING:
    from collections.abc import Callable

    from ast_grep_py import SgNode

    from cronshift.targets.direct.edits import Edits
    from cronshift.targets.direct.javascript.read_answers import AnswerReader

_DELAYED = "answers with an error between a catch and a finally"
_FAILURE = "failure"
_FIRST_FAULT = 500
_FLAGS = {"success", "ok", "status"}
_WORDS = {"error", "message", "reason"}
_TELLING = {"setHeader", "removeHeader", "set", "header", "type", "append"}
"""The methods by which a response of Node's, or of Express, says more than its body."""
_NAME = lazy_pattern(r"[\w.]+")


def result_edits(
    function: RouteFunction,
    edits: Edits,
    response: str | None,
    reader: AnswerReader | None,
    settled: SgNode | None = None,
) -> None:
    """Have a function return results and throw errors instead of answering.

    Args:
        function: the route's function.
        edits: of its module; what is removed already is not looked at.
        response: what it sends its answers by, in the pages router.
        reader: what reads an answer that is not spelled out, where all that is returned is one.
        settled: a call that gives a result already.

    Raises:
        NotCertainError: for an answer that is neither spelled out nor read, or a way without one.
    """
    body = function.body
    if settled is not None and settled in (body, *_awaited(body)):
        return
    if body.kind() != "statement_block":
        _written(body, reader, edits, lambda: _of_expression(body, edits))
        return
    for node in function.own_nodes():
        is_settled = settled is not None and settled in (node.child(1), *_awaited(node.child(1)))
        if node.kind() == "return_statement" and not (is_settled or edits.covers(*span_of(node))):
            _of_return(function, node, edits, response, reader)
    if response is not None:
        _of_sending(function, edits, response)
    elif not ends(function.statements):
        raise NotCertainError(line_of(function.node), "may end without an answer")


def _awaited(value: SgNode | None) -> list[SgNode]:
    return value.children() if value is not None and value.kind() == "await_expression" else []


def _of_expression(body: SgNode, edits: Edits) -> None:
    answer = answer_of(body)
    if answer is not None and answer.status is not None and answer.status >= FIRST_ERROR:
        (start, end), lead = span_of(answer.node), lead_of(answer.node)
        opening = f"{{\n{lead}  throw new {_error(answer.status)}("
        _write_message(answer, edits, (start, opening), (end, f");\n{lead}}}"))
        return
    if answer is None or answer.status is None or answer.status >= FIRST_REDIRECT:
        raise NotCertainError(line_of(body), f"returns {short(body)}, which is not spelled out")
    comments = words_before(answer.node, answer.body, answer.body)
    is_wrapped = comments or (answer.body is not None and answer.body.kind() == "object")
    _keep_body(answer, edits, *((f"({comments}", ")") if is_wrapped else ("", "")))


def _written(
    value: SgNode, reader: AnswerReader | None, edits: Edits, spell: Callable[[], None]
) -> None:
    """Spell what a returned value becomes, or have it read."""
    try:
        spell()
    except NotCertainError:
        if reader is None or not reader.read(value, edits):
            raise


def _of_return(
    function: RouteFunction,
    node: SgNode,
    edits: Edits,
    response: str | None,
    reader: AnswerReader | None,
) -> None:
    value = next(
        (child for child in node.children() if child.is_named() and child.kind() != "comment"), None
    )
    if value is None:
        if response is None:
            raise NotCertainError(line_of(node), "returns without an answer")
        return
    _written(value, reader, edits, lambda: _of_value(function, node, value, edits))


def _of_value(function: RouteFunction, statement: SgNode, value: SgNode, edits: Edits) -> None:
    """Have a statement return what a value spells out, or throw it."""
    if value.kind() == "ternary_expression":
        _of_choice(function, statement, value, edits)
        return
    answer = answer_of(value)
    if answer is None:
        why = f"returns {short(value)}, which is not spelled out"
        raise NotCertainError(line_of(statement), why)
    _write(function, statement, answer, edits)


def _of_choice(function: RouteFunction, statement: SgNode, value: SgNode, edits: Edits) -> None:
    """Have a statement return one of two results, or throw the one that is an error."""
    condition = value.field("condition")
    first, second = (answer_of(value.field(arm)) for arm in ("consequence", "alternative"))
    why = NotCertainError(line_of(statement), f"returns {short(value)}, which is not spelled out")
    if condition is None or first is None or second is None:
        raise why
    if first.is_result and second.is_result:
        _keep_body(first, edits)
        _keep_body(second, edits)
        return
    block, text = statement.parent(), edits.text
    failing = second if first.is_result else first
    if (
        not (first.is_result or second.is_result)
        or (failing.status or 0) < FIRST_ERROR
        or (block is None or block.kind() != "statement_block")
    ):
        raise why
    raised, over = _raising(function, statement, failing)
    (start, end), (asked, behind) = span_of(statement), span_of(condition)
    former, latter = span_of(first.node), span_of(second.node)
    semicolon = ";" if text[start:end].endswith(";") else ""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    lead = f"{semicolon}\n{line if not line.strip() else ''}"
    is_bare = condition.kind() == "parenthesized_expression"
    opening, closing = ("if ", " ") if is_bare else ("if (", ") ")
    words, _ = _words(failing) or (None, False)
    kept = (condition, words, (first if failing is second else second).body)
    edits.replace(start, asked, f"{words_before(statement, value, *kept)}{opening}")
    if failing is first:
        _write_message(
            first, edits, (behind, f"{closing}{raised}"), (latter[0], f"{over}{lead}return ")
        )
        _keep_body(second, edits)
    else:
        edits.replace(behind, former[0], f"{closing}return ")
        _keep_body(first, edits)
        _write_message(second, edits, (former[1], f"{lead}{raised}"), (end, f"{over}{semicolon}"))


def _raising(function: RouteFunction, statement: SgNode, answer: SpelledAnswer) -> tuple[str, str]:
    """Return the code before and behind the words of an error that a statement ends with."""
    error = _error(answer.status or answer.failure)
    cause = cause_of(statement) if function.causes else None
    options = f", {{ cause: {cause} }}" if cause is not None else ""
    if _is_caught(statement):
        if _is_delayed(statement):
            raise NotCertainError(line_of(statement), _DELAYED)
        return f"return Promise.reject(new {error}(", f"{options}))"
    return f"throw new {error}(", f"{options})"


def _write(function: RouteFunction, statement: SgNode, answer: SpelledAnswer, edits: Edits) -> None:
    """Have a statement return the answer's body, or throw it."""
    start, end = span_of(statement)
    semicolon = ";" if statement.text().endswith(";") else ""
    if answer.status is None:
        _write_either(function, statement, answer, edits)
    elif answer.status < FIRST_REDIRECT:
        if answer.body is None or answer.body.kind() in NOTHINGS:
            edits.replace(start, end, f"return null{semicolon}")
        else:
            first, last = span_of(answer.body)
            comments = words_before(statement, answer.body, answer.body)
            edits.replace(start, first, f"{comments}return ")
            edits.replace(last, end, semicolon)
            lift(answer.body, statement, edits)
    elif answer.status < FIRST_ERROR:
        raise NotCertainError(line_of(statement), f"answers {answer.status}, which leads elsewhere")
    elif _is_caught(statement) and _is_delayed(statement):
        _write_delayed(function, statement, answer, edits)
    else:
        before, behind = _raising(function, statement, answer)
        words, _ = _words(answer) or (None, False)
        before = f"{words_before(statement, answer.body, words)}{before}"
        _write_message(answer, edits, (start, before), (end, f"{behind}{semicolon}"))
        if words is not None:
            lift(words, statement, edits)


def _write_message(
    answer: SpelledAnswer, edits: Edits, opening: tuple[int, str], closing: tuple[int, str]
) -> None:
    """Write what an error says: the words of the answer, or all of it."""
    (start, before), (end, behind) = opening, closing
    words = _words(answer)
    if words is None:
        edits.replace(start, end, f'{before}"answered {answer.status or answer.failure}"{behind}')
        return
    node, is_plain = words
    first, last = span_of(node)
    edits.replace(start, first, before if is_plain else f"{before}JSON.stringify(")
    edits.replace(last, end, behind if is_plain else f"){behind}")


def _words(answer: SpelledAnswer) -> tuple[SgNode, bool] | None:
    """Return the words of an error, and whether they are a text."""
    body = answer.body
    if body is None or body.kind() in NOTHINGS:
        return None
    if body.kind() != "object":
        return body, body.kind() in TEXTS or answer.media is Media.TEXT
    members = list(pairs(body))
    telling = [value for name, value in members if name in _WORDS]
    others = [name for name, _ in members if name not in _WORDS | _FLAGS]
    is_whole = not others and len(members) == sum(
        child.is_named() and child.kind() != "comment" for child in body.children()
    )
    if is_whole and len(telling) == 1 and is_message(telling[0]):
        return telling[0], True
    return body, False


def _write_either(
    function: RouteFunction, statement: SgNode, answer: SpelledAnswer, edits: Edits
) -> None:
    """Write an answer that is a success or a failure, as a condition tells behind its body."""
    parent = statement.parent()
    names = {node.text() for node in every(function.root) if node.kind() == "identifier"}
    if (
        answer.body is None
        or answer.condition is None
        or parent is None
        or parent.kind() != "statement_block"
        or "result" in names
        or answer.media is not Media.JSON
    ):
        raise NotCertainError(line_of(statement), "answers with a status that is not spelled out")
    start, end = span_of(statement)
    first, last = span_of(answer.body)
    before, behind = _raising(function, statement, answer)
    raised = f"{before}JSON.stringify(result){behind}"
    line = edits.text.rfind("\n", 0, start) + 1
    lead = edits.text[line:start]
    lead = lead if not lead.strip() else ""
    is_name = _NAME.fullmatch(answer.condition) is not None
    opposite = f"(!{answer.condition})" if is_name else f"(!({answer.condition}))"
    asked = f"({answer.condition})" if answer.failing else opposite
    comments = words_before(statement, answer.body, answer.body)
    edits.replace(start, first, f"{comments}const result = ")
    lift(answer.body, statement, edits)
    semicolon = ";" if statement.text().endswith(";") else ""
    lines = ("", f"if {asked} {raised}", "return result")
    edits.replace(last, end, f"{semicolon}\n{lead}".join(lines) + semicolon)


def _error(status: int) -> str:
    """Return the class of the error that an error status is: 4xx is final, but for what passes."""
    is_final = status < _FIRST_FAULT and status not in RETRIED_STATUSES
    return NON_RETRIABLE if is_final else "Error"


def _keep_body(answer: SpelledAnswer, edits: Edits, before: str = "", behind: str = "") -> None:
    start, end = span_of(answer.node)
    if answer.body is None or answer.body.kind() in NOTHINGS:
        edits.replace(start, end, "null")
        return
    first, last = span_of(answer.body)
    edits.replace(start, first, before)
    edits.replace(last, end, behind)


def _is_caught(statement: SgNode) -> bool:
    """Return whether what a statement throws is caught in the function itself."""
    inner = statement
    for ancestor in statement.ancestors():
        if ancestor.kind() in FUNCTIONS:
            return False
        if ancestor.kind() == "try_statement" and ancestor.field("handler") is not None:
            body = ancestor.field("body")
            if body is not None and span_of(body) == span_of(inner):
                return True
        inner = ancestor
    return False


def _is_delayed(statement: SgNode) -> bool:
    """Return whether something is still done behind what a statement returns: a rejection waits for that, unheard."""
    around = (above for above in statement.ancestors() if above.kind() == "try_statement")
    return is_in_awaited_loop(statement) or any(
        each.field("finalizer") is not None for each in around
    )


def _write_delayed(
    function: RouteFunction, statement: SgNode, answer: SpelledAnswer, edits: Edits
) -> None:
    """Have a statement return a failure that no catch hears of, and that may wait until all is done."""
    names = {node.text() for node in every(function.root) if node.kind() == "identifier"}
    if _FAILURE in names:
        raise NotCertainError(line_of(statement), _DELAYED)
    (start, end), lead, parent = span_of(statement), lead_of(statement), statement.parent()
    semicolon = ";" if statement.text().endswith(";") else ""
    is_block = parent is not None and parent.kind() == "statement_block"
    inner = lead if is_block else f"{lead}  "
    error = _error(answer.status or answer.failure)
    before = f"const {_FAILURE} = Promise.reject(new {error}("
    lines = ("))", f"{_FAILURE}.catch(() => undefined)", f"return {_FAILURE}")
    behind = f"{semicolon}\n{inner}".join(lines) + semicolon
    if not is_block:
        before, behind = f"{{\n{inner}{before}", f"{behind}\n{lead}}}"
    _write_message(answer, edits, (start, before), (end, behind))


def _of_sending(function: RouteFunction, edits: Edits, response: str) -> None:
    """Have the statements that send an answer return it; each must be the last that is done."""
    for node in function.own_nodes():
        if node.kind() != "expression_statement" or edits.covers(*span_of(node)):
            continue
        call = node.child(0)
        if call is None or call.kind() != "call_expression" or not _begins_with(call, response):
            continue
        called = call.field("function")
        member = called.field("property") if called is not None else None
        if member is not None and member.text() in _TELLING:
            if "retry-after" in call.text().lower():
                raise NotCertainError(line_of(node), "says when to try again")
            edits.remove_lines(*span_of(node))
            continue
        answer = answer_of(call)
        if answer is None:
            raise NotCertainError(line_of(node), f"answers by {short(call)}, which is not read")
        following = following_of(node)
        if following is not None and following.kind() == "return_statement":
            edits.remove_lines(*span_of(following))
        elif following is not None or not is_last(function, node):
            raise NotCertainError(line_of(node), "goes on after its answer")
        _write(function, node, answer, edits)


def _begins_with(call: SgNode, name: str) -> bool:
    node: SgNode | None = call
    while node is not None and node.kind() in {"call_expression", "member_expression"}:
        node = node.field("function" if node.kind() == "call_expression" else "object")
    return node is not None and node.text() == name

"""Answers that only running tells, read where a function returns them: ``return resultOf(await run())``.

All that a route returns is an answer. One that its own module does not spell out is read as Vercel would have
heard it, by a few lines that stand in the module.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import arguments
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.answers import (
    FIRST_ERROR,
    FIRST_REDIRECT,
    NOTHINGS,
    TEXTS,
    answer_of,
    is_made_of_json,
)
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    is_in_awaited_loop,
    is_inside,
    names_in,
)

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.targets.direct.edits import Edits

_NAMES = ("resultOf", "resultOfAnswer")
_DATA = {"array", "false", "number", "object", "true"} | TEXTS | NOTHINGS
"""What surely is no answer."""
_READER = """
/** Returns what an answer says, or throws it where it is an error: for good, unless it may pass. */
async function {name}({parameter}) {{
  const response = await answer;
  const {{ headers, ok, status }} = response;
  const text = await response.text();
  const isJson = headers.get("content-type")?.includes("json");
  const parsed = Promise.resolve(text)
    .then{unknown}(JSON.parse)
    .catch(() => text || null);
  if (ok) return isJson ? parsed : text || null;
  const words = text || `answered ${{status}}`;
  if (status < 500 && ![408, 425, 429].includes(status)) throw new NonRetriableError(words);
  const after = headers.get("retry-after") ?? "";
  const seconds = Number(after) || (Date.parse(after) - Date.now()) / 1000;
  throw seconds > 0 ? new RetryAfterError(words, seconds * 1000) : new Error(words);
}}
"""


@dataclass
class AnswerReader:
    """The reading of a function's answers that its module does not spell out.

    Attributes:
        function: the route's.
        name: of the function that reads them.
        is_used: whether there are any.
    """

    function: RouteFunction
    name: str
    is_used: bool = False

    def read(self, value: SgNode, edits: Edits) -> bool:
        """Have a value that is returned read first; return whether that keeps its meaning."""
        waiting = self._waiting(value)
        if waiting is None or not is_whole(value) or is_in_awaited_loop(value):
            return False
        start, end = span_of(value)
        edits.replace(start, start, f"{waiting}{self.name}(")
        edits.replace(end, end, ")")
        self.is_used = True
        return True

    def _waiting(self, value: SgNode) -> str | None:
        """Return the word by which a ``finally`` waits for the reading; ``None`` where it waited for nothing, or a catch would hear of it."""
        chain = [value, *value.ancestors()]
        tries = [
            (inner, above)
            for inner, above in pairwise(chain)
            if above.kind() == "try_statement" and is_inside(above, self.function.body)
        ]
        if all(above.field("finalizer") is None for _, above in tries):
            return ""
        is_caught = any(
            above.field("handler") is not None and above.field("body") == inner
            for inner, above in tries
        )
        is_waited_for = value.kind() == "await_expression" or is_made_of_json(value)
        return "await " if is_waited_for and not is_caught else None

    def source(self, *, typed: bool) -> str:
        """Return the function that reads answers."""
        parameter = "answer: Response | Promise<Response>" if typed else "answer"
        unknown = "<unknown>" if typed else ""
        return _READER.format(name=self.name, parameter=parameter, unknown=unknown)


def reader_for(function: RouteFunction) -> AnswerReader | None:
    """Return the reading of a function's answers; ``None`` where its module has the names for it already."""
    names = {node.text() for node in names_in(function.root)}
    name = next((name for name in _NAMES if name not in names), None)
    return AnswerReader(function, name) if name is not None else None


def is_whole(value: SgNode) -> bool:
    """Return whether an answer is all there once it has been read: no stream, no wish for a later call."""
    if value.kind() == "ternary_expression":
        arms = (value.field("consequence"), value.field("alternative"))
        return all(arm is not None and is_whole(arm) for arm in arms)
    if value.kind() in _DATA | {"sequence_expression"}:
        return False
    try:
        answer = answer_of(value)
    except NotCertainError:
        body = next(iter(arguments(value)), None)
        is_read = is_made_of_json(value) or body is None or body.kind() in TEXTS | NOTHINGS
        return is_read and "retry-after" not in value.text().lower()
    return answer is None or answer.status is None or not _leads_elsewhere(answer.status)


def _leads_elsewhere(status: int) -> bool:
    return FIRST_REDIRECT <= status < FIRST_ERROR

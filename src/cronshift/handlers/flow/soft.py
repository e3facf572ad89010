"""Answers that say failure with a status of success: ``{ ok: false }``, ``{ status: "error" }``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.behaviour import SourceSpot
from cronshift.handlers.flow.endings import answers_of, succeeds, told_by
from cronshift.handlers.flow.values import ObjectValue, PlainValue, Unknown, Value, text_of
from cronshift.handlers.flow.worlds import CRON_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.following import Trace
    from cronshift.handlers.flow.reader import HandlerReader

_PLAIN_OK = 200
_FAILED = {"error", "fail", "failed", "failure"}
"""What an answer says as its status where something failed."""
_BESIDE = {"error", "message", "detail", "details", "code", "hint", "timestamp", "path"}
"""What stands in an answer that says nothing but an error."""


def soft_answers(reader: HandlerReader, run: Trace) -> Iterator[SourceSpot]:
    """Yield the answers that say failure with a status of success, where a setting lacks too."""
    seen: set[CodePlace] = set()
    endings = [*run.endings, *_without_settings(reader, run).endings]
    for ending in filter(succeeds, endings):
        for answer in answers_of(ending):
            word, place = soft_word(told_by(answer)), answer.place
            if word and place is not None and place not in seen and answer.status == _PLAIN_OK:
                seen.add(place)
                what = f"The answer says {word} with status 200"
                yield SourceSpot(place.file, place.line, what, place.column)


def _without_settings(reader: HandlerReader, run: Trace) -> Trace:
    """Return the trace where no variable is set that decides about anything but the caller."""
    checked = {name for compared in run.ledger.comparisons for name in compared.secrets}
    lacking = run.ledger.variables - checked - {CRON_SECRET}
    if not (run.ledger.hinges and lacking):
        return run
    return reader.run(replace(reader.world, unset=reader.world.unset | lacking))


def soft_word(body: Value | None) -> str:
    """Return the words of a body about a failure, ``ok: false``; empty where there are none."""
    if not isinstance(body, ObjectValue):
        return ""
    for key in ("success", "ok"):
        if _is(body.cell.get(key), content=False):
            return f"{key}: false"
    if any(_is(body.cell.get(key), content=True) for key in ("success", "ok")):
        return ""
    status = text_of(body.cell.get("status") or Unknown())
    if status is not None and status.lower() in _FAILED:
        return f"status: {status}"
    return "error" if _is_error(body) else ""


def _is_error(body: ObjectValue) -> bool:
    """Return whether a body is nothing but the text of an error."""
    error = body.cell.get("error")
    if error is None or body.open or set(body.cell) - _BESIDE:
        return False
    return bool(text_of(error)) or (isinstance(error, Unknown) and not error.alternatives)


def _is(value: Value | None, *, content: bool) -> bool:
    return isinstance(value, PlainValue) and value.value is content

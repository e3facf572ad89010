"""The endings of requests: whether they are a success, and what they are answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cronshift.handlers.flow.values import (
    ListValue,
    NativeObject,
    ObjectValue,
    PlainValue,
    Response,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.following import RequestEnding

_OK = 300


def succeeds(ending: RequestEnding) -> bool:
    """Return whether a request ends in success, as far as it is known."""
    if ending.thrown:
        return False
    if not ending.statuses:  # what a framework answers with 200
        return isinstance(ending.value, PlainValue | ObjectValue | ListValue)
    return all(status is not None and 0 < status < _OK for status in ending.statuses)


def answers_of(ending: RequestEnding) -> Iterator[Response]:
    """Yield the responses that a request may be answered with."""
    answered = ending.path.answered or ending.value
    if isinstance(answered, Response):
        yield answered
    elif isinstance(answered, Unknown):
        yield from (
            alternative
            for alternative in answered.alternatives
            if isinstance(alternative, Response)
        )
    elif isinstance(answered, ObjectValue):
        yield Response(200, answered, ending.place)


def body_of(ending: RequestEnding) -> Value | None:
    """Return the body that a request is answered with, as far as it is known."""
    answer = ending.path.answered or ending.value
    return told_by(answer) if isinstance(answer, Response) else _read(ending.value)


def told_by(answer: Response) -> Value | None:
    """Return the body of an answer; of a text of JSON, what it says."""
    return _read(answer.body)


def _read(body: Value | None) -> Value | None:
    is_text = isinstance(body, NativeObject) and body.name == "json"
    return cast("Value", body.data) if isinstance(body, NativeObject) and is_text else body


def answered_at(ending: RequestEnding) -> CodePlace | None:
    """Return the place where a request is answered; ``None`` where nothing says it."""
    return next((answer.place for answer in answers_of(ending) if answer.place is not None), None)

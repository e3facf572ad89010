"""The claims of this process's own database, for other processes of the app that have none."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from cronshift.runtime import claiming

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.runtime.store.claims import Claims

    Question = Callable[[Claims, str, datetime, str], bool | None]

_TICK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LONGEST_JOB, _LONGEST_HOLDER = 255, 64  # as the table has it
_QUESTIONS: dict[str, Question] = {
    "take": lambda claims, job, tick, holder: claims.take(job, tick, holder),
    "finish": lambda claims, job, tick, holder: claims.finish(job, tick, holder),
    "release": lambda claims, job, tick, holder: claims.release(job, tick, holder),
    "goes-on-before": lambda claims, job, tick, _: claims.goes_on_before(job, tick),
    "has-run": lambda claims, job, tick, _: claims.has_run(job, tick),
}
_OF_A_HOLDER = frozenset({"take", "finish", "release"})
_logger = logging.getLogger("cronshift")


def answer_claim(body: bytes) -> tuple[int, bytes]:
    """Answer a question about claims, which a caller with the bearer asks; return the status and JSON.

    No answer is made up: where the database does not tell, the one who asks is to decide.
    """
    if not claiming.are_kept_here():
        return HTTPStatus.NOT_FOUND, b"{}"
    try:
        question, job, tick, holder = _parsed(json.loads(body))
    except (ValueError, TypeError, KeyError, RecursionError):
        return HTTPStatus.BAD_REQUEST, b"{}"
    try:
        answer = claiming.ask_here(lambda claims: question(claims, job, tick, holder))
    except claiming.faults() as error:
        _logger.warning("%s: no claim was answered (%s)", claiming.VARIABLE, type(error).__name__)
        return HTTPStatus.SERVICE_UNAVAILABLE, b"{}"
    return HTTPStatus.OK, json.dumps({"answer": answer is not False}).encode()


def _parsed(document: Any) -> tuple[Question, str, datetime, str]:
    verb, job, text, holder = (document[name] for name in ("do", "job", "tick", "holder"))
    is_text = all(isinstance(part, str) for part in (verb, job, text, holder))
    if not is_text or not _TICK.fullmatch(text) or "\0" in job + holder:
        raise ValueError("no question about claims")
    is_short = 0 < len(job) <= _LONGEST_JOB and len(holder) <= _LONGEST_HOLDER
    if not is_short or bool(holder) is not (verb in _OF_A_HOLDER):
        raise ValueError("no question about claims")
    tick = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return _QUESTIONS[verb], job, tick, holder

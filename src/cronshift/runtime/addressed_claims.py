"""Claims at an address of the app's, where a process has the database that they are in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cronshift.runtime import wire
from cronshift.runtime.keeping import headers_for
from cronshift.runtime.ownership import tick_text
from cronshift.runtime.posting import post

if TYPE_CHECKING:
    from datetime import datetime

_PATIENCE = 5.0  # seconds


class AddressedClaims:
    """The claims that a process at an address has; each is asked for with the bearer.

    Asked twice, as when an answer was lost, the same holder has the same answer. Every method raises
    ``OSError`` where the address does not answer as claims do.

    Args:
        url: the address.
        secret_env: the variable that holds the bearer.
        patience: how many seconds an answer may take; a job waits for it.
    """

    def __init__(self, url: str, secret_env: str, patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._url = url
        self._secret_env = secret_env

    def take(self, job: str, tick: datetime, holder: str) -> bool:
        """Claim a tick for ``holder``; say whether it is theirs."""
        return self._ask("take", job, tick, holder)

    def finish(self, job: str, tick: datetime, holder: str) -> None:
        """Record that the tick has run."""
        self._ask("finish", job, tick, holder)

    def release(self, job: str, tick: datetime, holder: str) -> None:
        """Give an unfinished tick back."""
        self._ask("release", job, tick, holder)

    def goes_on_before(self, job: str, tick: datetime) -> bool:
        """Return whether somebody holds an earlier tick of the job and has not finished it."""
        return self._ask("goes-on-before", job, tick)

    def has_run(self, job: str, tick: datetime) -> bool:
        """Return whether somebody finished the tick."""
        return self._ask("has-run", job, tick)

    def close(self) -> None:
        """Do nothing: no connection is kept."""

    def _ask(self, verb: str, job: str, tick: datetime, holder: str = "") -> bool:
        question = {"do": verb, "job": job, "tick": tick_text(tick), "holder": holder}
        headers = headers_for(self._url, self._secret_env, wire.TELL_CLAIM)
        body = post(self._url, question, headers, self._patience)
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        answer = document.get("answer") if isinstance(document, dict) else None
        if not isinstance(answer, bool):
            raise OSError("the address answers, and not as claims do")
        return answer

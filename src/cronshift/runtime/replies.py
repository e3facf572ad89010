"""The guard's own answers, whatever kind of app it stands before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from cronshift.runtime.wire import SKIPPED_HEADER, UNASKED


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with JSON.

    Attributes:
        skipped: why the call was not let through, told in a header too.
    """

    body: bytes
    skipped: str | None = None

    @property
    def status(self) -> HTTPStatus:
        """The status: a tick that waits for its claim is no success of Vercel's."""
        return HTTPStatus.SERVICE_UNAVAILABLE if self.skipped == UNASKED else HTTPStatus.OK

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of the response."""
        content = ("content-type", "application/json"), ("content-length", str(len(self.body)))
        return (*content, (SKIPPED_HEADER, self.skipped)) if self.skipped else content


def skip(reason: str) -> Reply:
    """Return the answer to a call that is not let through."""
    return Reply(json.dumps({"skipped": reason}).encode(), reason)

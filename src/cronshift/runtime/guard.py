"""The guard of the app that Vercel calls: who owns this tick?

It stands in front of the app (ASGI or WSGI middleware, or a decorator of a
``BaseHTTPRequestHandler`` class) and looks at Vercel's cron calls only. A tick that is Inngest's is
answered ``200 {"skipped": "owner inngest"}`` without the app being asked. A call that an Inngest
function makes carries ``x-cronshift-tick`` and the bearer, and passes.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from cronshift.runtime import claiming, fronts
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.jobs import SKIPPED_HEADER, request_target
from cronshift.runtime.ownership import Owner, tick_text
from cronshift.runtime.ticks import called_tick
from cronshift.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp

    from cronshift.runtime.fronts import HandlerClass, WsgiApp
    from cronshift.runtime.jobs import Job

TELL_HEADER = "x-cronshift-tell"
_CRON_AGENT = "vercel-cron/"
_SCHEDULE_HEADER = "x-vercel-cron-schedule"
_logger = logging.getLogger("cronshift")

Answered = tuple[bytes, list[tuple[bytes, bytes]]]
"""The guard's own answer: its body, and headers beside the content type."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of one call; ``taken`` says whether the call may run."""

    job: str
    tick: datetime
    holder: str
    taken: bool

    @property
    def refusal(self) -> Answered | None:
        """The answer to the call, when another run has the tick."""
        return None if self.taken else skipped("claimed by another run")

    def end(self, *, well: bool) -> None:
        """Record that the tick has run, or give it back."""
        (claiming.finish if well else claiming.release)(self.job, self.tick, self.holder)


class Guard:
    """Decides Vercel's calls of the jobs it knows; everything else passes.

    Args:
        jobs: with the entries' own paths and schedules.
        secret_env: the variable that holds the bearer of Vercel's calls.
        source: where the ownership file comes from.
        clock: the present instant, aware.
    """

    def __init__(
        self,
        *jobs: Job,
        secret_env: str = "CRON_SECRET",  # noqa: S107 - a name
        source: Source = SOURCE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._secret_env = secret_env
        self._source = source
        self._clock = clock
        self._jobs: dict[str, list[tuple[Job, Schedule]]] = {}
        for job in jobs:
            known = self._jobs.setdefault(request_target(job.path), [])
            known.append((job, Schedule.from_vercel(job.schedule)))

    def reason_to_skip(self, target: str, headers: Mapping[str, str]) -> str | None:
        """Return why a call is not to reach the app, if it is not.

        Args:
            target: path and query, as they came.
            headers: with lower-case names.
        """
        if not self._is_cron(headers):
            return None
        known = self._known(target, headers.get(_SCHEDULE_HEADER))
        if known is None:
            return None
        if "x-cronshift-tick" in headers and self._has_bearer(headers):
            return None
        job, schedule = known
        tick = called_tick(schedule, self._clock())
        held = self._source.held()
        if tick is None or held is None:
            return None
        if held.ownership.acts(Owner.VERCEL, job.id, tick):
            return None
        owner = held.ownership.owner(job.id, tick)
        _logger.info("%s: the owner of the tick of %s is %s", job.id, tick_text(tick), owner)
        return f"owner {owner}"

    def claim(self, target: str, headers: Mapping[str, str]) -> Claim | None:
        """Claim the tick that a cron call is for, where claims are on.

        Returns:
            ``None`` for any other request, and where nobody claims.
        """
        known = self._known(target, headers.get(_SCHEDULE_HEADER))
        if known is None or not claiming.is_configured() or not self._is_cron(headers):
            return None
        if "x-cronshift-tick" in headers and self._has_bearer(headers):
            return None  # the function that calls has claimed it
        tick = called_tick(known[1], self._clock())
        if tick is None:
            return None
        holder = f"vercel-{uuid4()}"
        return Claim(known[0].id, tick, holder, taken=claiming.take(known[0].id, tick, holder))

    def told(self, method: str, headers: Mapping[str, str]) -> bytes | None:
        """Return the answer to who asks, with the bearer, which ownership file is held here."""
        return told(method, headers, self._secret_env, self._source)

    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI app with the guard in front: ``app.add_middleware(guard.asgi)``."""
        return fronts.asgi(self, app)

    def wsgi(self, app: WsgiApp) -> WsgiApp:
        """Return a WSGI app with the guard in front: ``app.wsgi_app = guard.wsgi(app.wsgi_app)``."""
        return fronts.wsgi(self, app)

    def handler(self, cls: HandlerClass) -> HandlerClass:
        """Return a ``BaseHTTPRequestHandler`` class whose ``do_GET`` asks first: a decorator."""
        return fronts.handler(self, cls)

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answered | None:
        """Return the guard's own answer to a request that is not to reach the app."""
        body = self.told(method, headers)
        if body is not None:
            return body, []
        reason = self.reason_to_skip(target, headers)
        return None if reason is None else skipped(reason)

    def _known(self, target: str, schedule: str | None) -> tuple[Job, Schedule] | None:
        """Return the job that the call is for; twins of one path are told apart by the header."""
        known = self._jobs.get(target, [])
        if len(known) > 1 and schedule is not None:
            text = " ".join(schedule.split())
            known = [one for one in known if " ".join(one[0].schedule.split()) == text] or known
        return known[0] if known else None

    def _has_bearer(self, headers: Mapping[str, str]) -> bool:
        return has_bearer(headers, os.environ.get(self._secret_env))

    @staticmethod
    def _is_cron(headers: Mapping[str, str]) -> bool:
        agent = headers.get("user-agent", "")
        return agent.startswith(_CRON_AGENT) or _SCHEDULE_HEADER in headers


def told(
    method: str, headers: Mapping[str, str], secret_env: str, source: Source = SOURCE
) -> bytes | None:
    """Return JSON with the digest of the ownership file held here, to who asks with the bearer.

    Asked for with OPTIONS, so that no job runs where nobody answers the question.
    """
    if method != "OPTIONS" or headers.get(TELL_HEADER) != "ownership":
        return None
    if not has_bearer(headers, os.environ.get(secret_env)):
        return None
    held = source.held()
    return json.dumps({"ownership": held.digest if held else None}).encode()


def has_bearer(headers: Mapping[str, str], secret: str | None) -> bool:
    """Return whether the caller knows the secret; never, when none is set."""
    given = headers.get("authorization", "")
    if not secret:
        return False
    return hmac.compare_digest(given.encode(), f"Bearer {secret}".encode())


def skipped(reason: str) -> Answered:
    """Return the answer to a call that is not let through."""
    body = json.dumps({"skipped": reason}).encode()
    return body, [(SKIPPED_HEADER.encode(), reason.encode())]

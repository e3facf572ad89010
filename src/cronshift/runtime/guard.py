"""The guard of the app that Vercel calls: it asks for the owner of each tick.

It stands in front of the app (ASGI or WSGI middleware, or a decorator of a
``BaseHTTPRequestHandler`` class) and looks at Vercel's cron calls only. A tick that is Inngest's is
answered ``200 {"skipped": "owner inngest"}`` without the app being asked. A call that an Inngest
function makes carries ``x-cronshift-tick`` and the bearer, and passes.

Only a caller with the bearer proves who it is: nobody else claims a tick, or makes this process ask
an address for the ownership file.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from cronshift.runtime import claiming, fronts, recording, wire
from cronshift.runtime.claiming import Claim
from cronshift.runtime.dry_runs import FLOOR, dry_headers, dry_path
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.jobs import request_target
from cronshift.runtime.ledger import Role, Side
from cronshift.runtime.ownership import Owner, tick_text
from cronshift.runtime.proof import Standing, has_bearer, standing
from cronshift.runtime.replies import skip
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.tell import description, is_question
from cronshift.runtime.ticks import CalledTicks
from cronshift.runtime.turns import DryRun, Turn
from cronshift.runtime.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp

    from cronshift.runtime.fronts import HandlerClass, WsgiApp
    from cronshift.runtime.held import Held
    from cronshift.runtime.jobs import JobSpec
    from cronshift.runtime.recording import Recorder
    from cronshift.runtime.replies import Reply

_logger = logging.getLogger("cronshift")


class Guard:
    """The guard, which decides Vercel's calls of the jobs it knows; everything else passes.

    Args:
        jobs: with the entries' own paths and schedules.
        secret_env: the variable that holds the bearer of Vercel's calls.
        source: where the ownership file comes from.
        clock: the present instant, aware.
    """

    def __init__(
        self,
        *jobs: JobSpec,
        secret_env: str = "CRON_SECRET",  # noqa: S107 - a name
        source: Source = SOURCE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._secret_env = secret_env
        self._source = source
        self._clock = clock
        self._warned = False
        self._jobs: dict[str, list[_GuardedJob]] = {}
        for job in jobs:
            self._jobs.setdefault(request_target(job.path), []).append(_GuardedJob(job))

    def reason_to_skip(self, target: str, headers: Mapping[str, str]) -> str | None:
        """Return the reason to keep a call from the app, if there is one.

        Args:
            target: path and query, as they came.
            headers: with lower-case names.
        """
        job = self._called(target, headers)
        if job is None:
            return None
        if wire.TICK_HEADER in headers and has_bearer(headers, self._secret_env):
            return None
        tick = job.ticks.at(self._clock())
        current = self._source.current(lambda: self._may_ask(headers))
        if tick is None or current is None:
            return None
        owner = current.ownership.owner(job.id, tick)
        if owner in (Owner.VERCEL, Owner.BOTH):
            return None
        if _logger.isEnabledFor(logging.INFO):
            _logger.info("%s: the owner of the tick of %s is %s", job.id, tick_text(tick), owner)
        return wire.OWNER_PREFIX + owner

    def turn(self, target: str, headers: Mapping[str, str]) -> Turn | None:
        """Return the turn of a cron call: its claim, and the witness that tells the ledger.

        Returns:
            ``None`` where there are neither claims nor a ledger, for any other request, and for a
            caller who has not proven who it is: its answer must not keep Vercel's own call from
            running, and nobody else is to bear witness.
        """
        recorder = recording.recorder(self._secret_env)
        if recorder is None and not claiming.is_configured():
            return None
        job = self._called(target, headers)
        if (
            job is None or wire.TICK_HEADER in headers
        ):  # the function that calls has a turn of its own
            return None
        caller = standing(headers, self._secret_env)
        if caller is Standing.UNPROVABLE:
            self._warn_of_no_turns()
        tick = job.ticks.at(self._clock()) if caller is Standing.PROVEN else None
        if tick is None:
            return None
        name, file = f"vercel-{uuid4()}", self._source.current()
        return Turn(
            Claim(job.id, tick, name, self._secret_env) if claiming.is_configured() else None,
            Witness(recorder, Side.VERCEL, job.spec, tick, name, file) if recorder else None,
            _dry_run(recorder, job.spec, tick, name, file) if recorder else None,
        )

    async def refresh(self, method: str, target: str, headers: Mapping[str, str]) -> None:
        """Read the ownership file off the event loop, where :meth:`reply` is going to need it."""
        if is_question(method, headers, self._secret_env) or (
            self._called(target, headers) is not None and self._may_ask(headers)
        ):
            await self._source.refresh()

    def reply(self, method: str, target: str, headers: Mapping[str, str]) -> Reply | None:
        """Return the guard's own answer to a request that is not to reach the app."""
        if is_question(method, headers, self._secret_env):
            return description(self._source)
        reason = self.reason_to_skip(target, headers)
        return None if reason is None else skip(reason)

    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI app with the guard in front: ``app.add_middleware(guard.asgi)``."""
        return fronts.asgi(self, app)

    def wsgi(self, app: WsgiApp) -> WsgiApp:
        """Return a WSGI app with the guard in front: ``app.wsgi_app = guard.wsgi(app.wsgi_app)``."""
        return fronts.wsgi(self, app)

    def handler(self, cls: HandlerClass) -> HandlerClass:
        """Return a ``BaseHTTPRequestHandler`` class whose ``do_GET`` asks first: a decorator."""
        return fronts.handler(self, cls)

    def _called(self, target: str, headers: Mapping[str, str]) -> _GuardedJob | None:
        """Return the job that a cron call is for; twins of one path are told apart by the header."""
        schedule = headers.get(wire.SCHEDULE_HEADER)
        if schedule is None and not headers.get("user-agent", "").startswith(wire.CRON_AGENT):
            return None
        jobs = self._jobs.get(target)
        if not jobs:
            return None
        if len(jobs) > 1 and schedule is not None:
            words = schedule.split()
            return next((job for job in jobs if job.words == words), jobs[0])
        return jobs[0]

    def _may_ask(self, headers: Mapping[str, str]) -> bool:
        """Return whether a call may make this process ask an address for the ownership file.

        Where no secret is set nobody can prove anything, and both sides must go by one file.
        """
        return standing(headers, self._secret_env) is not Standing.UNPROVEN

    def _warn_of_no_turns(self) -> None:
        if not self._warned:
            self._warned = True
            _logger.warning(
                "%s is not set, so anybody can call as Vercel's cron does: no tick is claimed here,"
                " one that is delivered twice runs twice, and nothing is told to the ledger",
                self._secret_env,
            )


def _dry_run(
    recorder: Recorder, job: JobSpec, tick: datetime, name: str, file: Held | None
) -> DryRun | None:
    """Return the rehearsal beside a call, where the job declares one and one side alone acts."""
    if job.rehearsal is None:
        return None
    owner = file.ownership.owner(job.id, tick) if file else Owner.VERCEL
    if owner not in {Owner.VERCEL, Owner.INNGEST}:
        return None
    is_floor = owner is Owner.VERCEL
    run_id = name + (FLOOR if is_floor else "")
    witness = Witness(recorder, Side.VERCEL, job, tick, run_id, file, Role.REHEARSED)
    witness.saw({} if is_floor else {"reason": wire.OWNER_PREFIX + owner})
    target = request_target(dry_path(job.path, job.rehearsal))
    return DryRun(target, dry_headers(job.rehearsal), Turn(None, witness), is_floor)


class _GuardedJob:
    """A job of the guard's, with the values that are worked out once."""

    __slots__ = ("id", "spec", "ticks", "words")

    def __init__(self, job: JobSpec) -> None:
        self.id = job.id
        self.spec = job
        self.words = job.schedule.split()
        self.ticks = CalledTicks(Schedule.from_vercel(job.schedule))

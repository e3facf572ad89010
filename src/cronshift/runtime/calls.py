"""The call of one tick of a job, and the steps that every handler takes with one."""

from __future__ import annotations

import asyncio
import os
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from inngest import NonRetriableError

from cronshift.runtime import claiming, recording, wire
from cronshift.runtime.answers import skipped
from cronshift.runtime.dry_runs import dry_headers, dry_path
from cronshift.runtime.held import SOURCE, held_ownership
from cronshift.runtime.jobs import TICK_EVENT, request_target
from cronshift.runtime.ledger import Role, Side
from cronshift.runtime.ownership import Owner, tick_text
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.witness import Witness, attempted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inngest import Context

    from cronshift.runtime.answers import Answer
    from cronshift.runtime.jobs import JobSpec

APP_ADDRESS_VARIABLE = wire.APP_ADDRESS_VARIABLES[0]
USUAL_SECRET = "CRON_SECRET"  # noqa: S105 - a name
_MISSED_AFTER = timedelta(seconds=wire.MISSED_AFTER_SECONDS)
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")  # what Vercel accepts in CRON_SECRET


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The request that one tick of a job makes.

    Attributes:
        path: the job's, or the one that a fan-out made of it.
        tick: the instant the run is for, UTC.
        scheduled: whether the schedule made the run, and not a person (``cronshift run``).
        attempt: 0 for the first.
        has_begun: whether it is settled that the run does the work, so that nobody asks again.
        cron: the trigger that made the run, where the schedule did.
        replayed: whether the run makes up for a tick that nobody ran, or that failed.
        needs_claim: whether only the claim of its tick lets it run: of a missed one.
        is_rehearsal: whether it is the dry run that the job declares.
    """

    job: JobSpec
    path: str
    tick: datetime
    scheduled: bool
    run_id: str
    attempt: int
    has_begun: bool = False
    cron: str | None = None
    replayed: bool = False
    needs_claim: bool = False
    is_rehearsal: bool = False

    @classmethod
    def of(cls, job: JobSpec, ctx: Context) -> Call:
        """Return the call that the run in ``ctx`` is for."""
        return cls(
            job=job,
            path=job.path,
            tick=tick_of(ctx.event.data, ctx.event.ts),
            scheduled=ctx.event.name == TICK_EVENT
            and ctx.event.data.get("cronshift") != wire.BY_HAND,
            run_id=ctx.run_id,
            attempt=ctx.attempt,
            cron=_text(ctx.event.data.get("cron")),
            replayed=ctx.event.data.get("cronshift") == wire.REPLAY,
            needs_claim=ctx.event.data.get("missed") is True,
        )

    @property
    def claims(self) -> bool:
        """True for a run of the tick's own, of which one is to do the work."""
        return self.scheduled or self.replayed

    @property
    def target(self) -> str:
        """The path as the request line carries it."""
        return request_target(self.path)

    @property
    def shown(self) -> str:
        """The call as errors name it: a query may carry a credential, and the run shows it to many."""
        return f"GET {self.path.partition('?')[0]}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that Vercel sends, and two of cronshift's; without the bearer."""
        return {
            "user-agent": wire.USER_AGENT,
            wire.SCHEDULE_HEADER: self.job.schedule,
            wire.TICK_HEADER: tick_text(self.tick),
            wire.RUN_HEADER: self.run_id,
            "accept": "*/*",
            **(dry_headers(self.job.rehearsal or "?") if self.is_rehearsal else {}),
        }

    @property
    def begun(self) -> Call:
        """The call of a run that has begun: it keeps its tick, whatever a later attempt reads."""
        return replace(self, has_begun=True)

    @property
    def rehearsed(self) -> Call:
        """The dry run of the call, for a job that declares one."""
        return replace(self, path=dry_path(self.path, self.job.rehearsal or "?"), is_rehearsal=True)

    def with_parameter(self, name: str, value: str) -> Call:
        """Return the call with ``name=value`` behind the query it has."""
        base, mark, fragment = self.path.partition("#")
        joint = "&" if "?" in base else "?"
        added = f"{quote(name, safe='')}={quote(value, safe='')}"
        return replace(self, path=f"{base}{joint}{added}{mark}{fragment}")

    def reason_to_skip(self, now: datetime | None = None) -> str | None:
        """Return the reason to skip this tick, if any: not here, not Inngest's, or too old.

        A run that has begun is not asked. One whose module does not say so asks at every attempt
        whose tick it is, since the first may have died before it could.
        """
        if self.needs_claim and not claiming.is_configured():
            return wire.UNCLAIMED
        if not self.scheduled or self.has_begun:
            return None
        elsewhere = other_environment()
        if elsewhere is not None:
            return f"environment {elsewhere}"
        ownership = held_ownership()
        if ownership is not None and not ownership.acts(Owner.INNGEST, self.job.id, self.tick):
            return wire.OWNER_PREFIX + ownership.owner(self.job.id, self.tick)
        if self.attempt > 0:
            return None
        now = now or datetime.now(UTC)
        late = now - self.tick
        due = f"{self.tick:%Y-%m-%d %H:%M} UTC, {timedelta(seconds=int(late.total_seconds()))} ago"
        if self.job.stale_after is not None and late > self.job.stale_after:
            return f"{wire.STALE} {due}"
        return f"{wire.MISSED} {due}" if self._is_passed_over(now) else None

    def _is_passed_over(self, now: datetime) -> bool:
        """Return whether the job does not make up for this tick, which came late."""
        if self.job.missed == "all":
            return False
        if self.job.missed == "none" and now - self.tick > _MISSED_AFTER:
            return True
        newest = _schedule(self.cron).latest(now) if self.cron else None
        return newest is not None and newest > self.tick


class CallHandler(ABC):
    """A handler that answers calls.

    Args:
        secret_env: the variable that holds the bearer the app expects of Vercel.
    """

    def __init__(self, *, secret_env: str = "CRON_SECRET") -> None:  # noqa: S107 - a name
        self.secret_env = secret_env

    async def answer(self, call: Call) -> Answer:
        """Return the handler's answer, or the reason why the tick is skipped.

        Raises:
            NonRetriableError: where another attempt cannot help.
            Exception: any other one: the engine tries again.
        """
        await SOURCE.refresh()
        reason = call.reason_to_skip() or await claimed_by_another(call, self.secret_env)
        witness = witness_of(call, self.secret_env)
        if reason:
            if witness is not None:
                witness.stood_by({"reason": reason})
            return skipped(reason)
        with attempted(witness, call.attempt + 1):
            answer = await self.send(call)
        await finished(call, self.secret_env)
        return answer

    @abstractmethod
    async def send(self, call: Call) -> Answer:
        """Return the handler's answer, whatever the tick's age is."""

    def address(self) -> str | None:
        """Return the app's address over HTTP, as far as this process knows it."""
        return os.environ.get(APP_ADDRESS_VARIABLE) or None

    def headers(self, call: Call) -> dict[str, str]:
        """Return the call's headers with the bearer, where a secret is set.

        Raises:
            NonRetriableError: if the secret cannot stand in a header.
        """
        secret = os.environ.get(self.secret_env)
        if not secret:
            return call.headers
        if not _HEADER_VALUE.fullmatch(secret) or secret != secret.strip():
            raise NonRetriableError(
                f"{self.secret_env} has characters that no header can carry, or spaces around it"
            )
        return {**call.headers, "authorization": f"Bearer {secret}"}


def witness_of(
    call: Call, secret_env: str, role: Role = Role.ACTED, *, run_id: str | None = None
) -> Witness | None:
    """Return the witness of a run; a run that is not the schedule's has none.

    Other environments have functions too, and their ticks are none that anybody waits for.

    Args:
        call: what the run is for.
        secret_env: the variable that holds the bearer.
        role: what the run does where it does anything.
        run_id: the name of the delivery, where it is not the run's.
    """
    recorder = recording.recorder(secret_env)
    if recorder is None or not call.claims or other_environment():
        return None
    file, name = SOURCE.current(), run_id or call.run_id
    return Witness(recorder, Side.INNGEST, call.job, call.tick, name, file, role)


async def claimed_by_another(call: Call, secret_env: str) -> str | None:
    """Claim a scheduled tick for its run; return why it is not to run here, if it is not.

    Raises:
        ConnectionError: for a tick that its claim alone lets run, and that cannot be asked for: the
            engine tries again.
    """
    if not call.claims or not claiming.is_configured():
        return None
    take = claiming.take_surely if call.needs_claim else claiming.take
    mine = await asyncio.to_thread(take, call.job.id, call.tick, call.run_id, secret_env)
    return None if mine else wire.CLAIMED


async def finished(call: Call, secret_env: str) -> None:
    """Record that a scheduled tick has run."""
    if call.claims and claiming.is_configured():
        await asyncio.to_thread(claiming.finish, call.job.id, call.tick, call.run_id, secret_env)


class DirectHandler(CallHandler):
    """A handler of this process.

    Args:
        reference: ``module:attribute`` or ``file.py:attribute``, imported at the first call.
        secret_env: the variable that holds the bearer.
    """

    def __init__(self, reference: str, *, secret_env: str = "CRON_SECRET") -> None:  # noqa: S107
        super().__init__(secret_env=secret_env)
        self.reference = reference


@lru_cache(maxsize=256)
def _schedule(cron: str) -> Schedule:
    return Schedule.parse(cron)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def other_environment() -> str | None:
    """Return the environment that this is, where scheduled ticks are not to run in it.

    Vercel's cron calls production only, and Inngest every environment that is synced. ``CRONSHIFT_ENV``
    names the environment where ``VERCEL_ENV`` does not; ``CRONSHIFT_RUN_IN`` lists those that run
    ticks, ``*`` for all.
    """
    name = os.environ.get("CRONSHIFT_ENV") or os.environ.get("VERCEL_ENV")
    allowed = (os.environ.get("CRONSHIFT_RUN_IN") or "production").split(",")
    return name if name and not {"*", name} & {part.strip() for part in allowed} else None


def tick_of(data: Mapping[str, Any], ts: int) -> datetime:
    """Return the instant a run is for: ``scheduledAt``, else the event's own time, else now."""
    scheduled = data.get("scheduledAt")
    if isinstance(scheduled, str):
        try:
            instant = datetime.fromisoformat(scheduled)
        except ValueError:
            pass
        else:
            return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    return datetime.fromtimestamp(ts / 1000, UTC) if ts else datetime.now(UTC)

"""The files that both sides hold now, and the ticks that they double, lose, or put at risk."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from enum import StrEnum
from itertools import takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.errors import ConfigError, CronshiftError
from cronshift.operations import past_operations
from cronshift.operations.files import content, inside
from cronshift.runtime import wire
from cronshift.runtime.asking import Testimony, ask
from cronshift.runtime.jobs import request_target
from cronshift.runtime.ledger import Side
from cronshift.runtime.ownership import (
    OWNERSHIP_NAME,
    Owner,
    Ownership,
    digest,
    parse_ownership,
    tick_text,
)
from cronshift.runtime.schedule.durations import format_duration
from cronshift.runtime.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cronshift.model import Job

FARTHEST = timedelta(days=31)


class Holding(Struct, frozen=True):
    """The ownership file that one side holds, as it answered.

    Attributes:
        digest: of the file it holds; ``None`` when it holds none, or did not say.
        current: whether that is the project's file.
        ownership: the file, where the journal knows it.
        problem: why nothing is known, in a sentence.
        age: how long ago it was read, where it comes from an address.
        unread: whether there is an address that has not been read, so that the deployed file counts.
        held_for: how long the process that answered has gone by this file, where it tells.
        before: the digest of the file that it went by until then; ``None`` for a process that has
            held no other, so that what another one held is not known.
        telling: what came of asking it.
    """

    side: Side
    digest: str | None
    current: bool
    ownership: Ownership | None
    problem: str | None = None
    age: timedelta | None = None
    unread: bool = False
    held_for: timedelta | None = None
    before: str | None = None
    telling: Telling = Telling.FILE

    @property
    def is_known(self) -> bool:
        """True when it is known which ticks the side runs."""
        is_read = self.telling is Telling.FILE and self.ownership is not None
        return is_read or self.telling is Telling.NO_FILE

    @property
    def staleness(self) -> str | None:
        """The reason why the file may be old, in a sentence: its address cannot be read."""
        if self.unread:
            return "Its address cannot be read, so it goes by the file that was deployed."
        if self.age is None or self.age.total_seconds() <= wire.OWNERSHIP_LIFE_SECONDS:
            return None
        return f"Its address cannot be read; what was read {format_duration(self.age)} ago goes on."

    def to_json(self) -> dict[str, Any]:
        """Return the side's part of ``status --live --json``."""
        return {
            "side": str(self.side),
            "answer": self.telling.value,
            "digest": self.digest,
            "current": self.current,
            "known": self.ownership is not None,
            "problem": self.problem,
            "age_seconds": None if self.age is None else int(self.age.total_seconds()),
            "unread": self.unread,
            "held_seconds": None if self.held_for is None else int(self.held_for.total_seconds()),
        }


class Mishap(Struct, frozen=True):
    """A tick that both sides run, or none.

    ``certain`` says whether that follows from what both sides told; else it is only not known that
    the tick had one owner.
    """

    job: str
    tick: datetime
    doubled: bool
    certain: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return the tick with its outcome."""
        fate = "doubled" if self.doubled else "missed"
        return {
            "job": self.job,
            "tick": tick_text(self.tick),
            "fate": fate,
            "certain": self.certain,
        }


async def ask_both(  # noqa: PLR0913 - two sides, and what each is asked with
    root: Path,
    *,
    app_url: str,
    path: str,
    endpoint: str,
    secret_env: str,
    unnamed: Mapping[Side, str] = MappingProxyType({}),
) -> tuple[Holding, Holding]:
    """Ask the app behind Vercel's cron and the Inngest endpoint which file they hold.

    The question is an OPTIONS request with the bearer: where nobody answers it, no job runs.

    Args:
        root: the project's folder.
        app_url: where the app answers.
        path: of one of its guarded jobs.
        endpoint: where the functions are served.
        secret_env: the variable that holds the bearer.
        unnamed: the sides whose addresses only a commit has named, each with the variable that would
            name it: they are sent no secret, and so are not asked.

    Raises:
        CronshiftError: if no secret is set, without which neither side answers.
    """
    secret = os.environ.get(secret_env)
    if not secret:
        raise CronshiftError(
            f"{secret_env} is not set, and both sides tell only who knows it.",
            reason="missing-secret",
            hint=f"Set {secret_env} to the deployment's value.",
        )
    files = known_files(root)
    now = _digest_here(root)
    urls = {
        Side.VERCEL: app_url.rstrip("/") + request_target(path),
        Side.INNGEST: endpoint,
    }
    answers = await asyncio.gather(
        *(
            _not_asked(url, unnamed[side]) if side in unnamed else ask(url, secret)
            for side, url in urls.items()
        )
    )
    vercel, inngest = (
        Holding(
            side,
            answer.digest,
            answer.digest is not None and answer.digest == now,
            files.get(answer.digest or ""),
            answer.problem,
            answer.age,
            answer.unread,
            answer.held_for,
            answer.before,
            answer.telling,
        )
        for side, answer in zip(urls, answers, strict=True)
    )
    return vercel, inngest


async def _not_asked(url: str, variable: str) -> Testimony:
    return Testimony(
        problem=f"Only a commit names {url}, so it is sent no secret and not asked: if it is yours,"
        f" set {variable} to it.",
        telling=Telling.NOT_ASKED,
    )


def _digest_here(root: Path) -> str | None:
    """Return the digest of the project's own file; ``None`` where there is none that can be read."""
    try:
        return digest(parse_ownership((content(inside(root, OWNERSHIP_NAME)) or b"").decode()))
    except (ConfigError, UnicodeDecodeError):
        return None


def known_files(root: Path) -> dict[str, Ownership]:
    """Return every ownership file that the project has ever had, by its digest."""
    images = [
        data
        for operation in past_operations(root)
        for image in operation.images
        if image.path == OWNERSHIP_NAME
        for data in (image.before, image.after)
    ]
    files = {}
    for data in (*images, content(inside(root, OWNERSHIP_NAME))):
        try:
            ownership = parse_ownership((data or b"").decode())
            files[digest(ownership)] = ownership
        except (ConfigError, UnicodeDecodeError):
            continue
    return files


def mishaps(
    jobs: Sequence[Job],
    vercel: Ownership | None,
    inngest: Ownership | None,
    since: datetime,
    until: datetime,
) -> Iterator[Mishap]:
    """Yield the ticks in ``(since, until]`` that have no single owner with these files.

    A side without a file runs every tick.
    """
    for job in jobs:
        if job.schedule is None:
            continue
        for tick in takewhile(lambda tick: tick <= until, job.schedule.after(since)):
            became = outcome(job.id, tick, vercel, inngest)
            if became in {TickOutcome.DOUBLED, TickOutcome.LOST}:
                yield Mishap(job.id, tick, doubled=became is TickOutcome.DOUBLED)


class TickOutcome(StrEnum):
    """The outcome of a tick, by the files that the sides went by."""

    ALONE = "alone"
    DOUBLED = "doubled"
    LOST = "lost"
    PAUSED = "paused"


def outcome(
    job: str, tick: datetime, vercel: Ownership | None, inngest: Ownership | None
) -> TickOutcome:
    """Return a tick's outcome; a side without a file runs it, one that both pause is not lost."""
    runs_there = vercel is None or vercel.acts(Owner.VERCEL, job, tick)
    runs_here = inngest is None or inngest.acts(Owner.INNGEST, job, tick)
    if runs_there != runs_here:
        return TickOutcome.ALONE
    if runs_there:
        return TickOutcome.DOUBLED
    owners = {side.owner(job, tick) for side in (vercel, inngest) if side is not None}
    return TickOutcome.PAUSED if owners == {Owner.NOBODY} else TickOutcome.LOST


def fell_back(vercel: Holding, inngest: Holding) -> str | None:
    """Return a sentence when Vercel's side alone is behind, as an "Instant Rollback" leaves it.

    That brings back the entries and the built-in file of an older deployment; Inngest goes on.
    """
    is_older = vercel.ownership is not None and not vercel.current
    if not (is_older and inngest.current):
        return None
    return (
        "Vercel's side holds an older file than Inngest's: that deployment is not out yet, or a rollback"
        " on Vercel's side (Instant Rollback) brought back its entries and its file while Inngest goes on."
        " Promote the newest deployment; to go back for good: cronshift rollback --all."
    )


def since_change(ownership: Ownership, now: datetime) -> datetime:
    """Return the instant from which sides that hold different files may disagree."""
    starts = [
        epoch.effective_at
        for epochs in ownership.jobs.values()
        for epoch in epochs
        if epoch.effective_at <= now
    ]
    newest = max(starts, default=now)
    return max(newest - timedelta(seconds=1), now - FARTHEST)

"""The owner of a tick: a pure function of the ownership file and the tick, on both sides alike.

For each job the file holds *epochs*: "from instant T on, P percent of ticks belong to Inngest"
(DESIGN 5.4). The last epoch with ``effective_at <= tick`` decides; without one the tick is
Vercel's. Which ticks make up the P percent is fixed by a hash, so a growing percentage only ever
moves ticks one way. Flows are shared out the same way, by user instead of by tick.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OWNERSHIP_NAME = "cronshift.ownership.json"
BUCKETS = 10_000

_DOCUMENT = frozenset({"version", "jobs", "flows"})
_EPOCH = frozenset({"effective_at", "percent", "operation"})
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")


class Owner(StrEnum):
    """The owner of a tick. For a flow, ``vercel`` is the path the app had before.

    Only an epoch that names them makes ticks those of ``both`` or of ``nobody``.
    """

    VERCEL = "vercel"
    INNGEST = "inngest"
    BOTH = "both"
    NOBODY = "nobody"


_WHOLE = {0: Owner.VERCEL, 100: Owner.INNGEST}


@dataclass(frozen=True, slots=True)
class Epoch:
    """From ``effective_at`` on, ``percent`` of ticks (or users) belong to Inngest.

    Attributes:
        operation: the id of the operation that added it.
        owner: ``both``, when Vercel acts on Inngest's share too; ``nobody``, when no side acts on
            any tick. Of a flow there is none.
    """

    effective_at: datetime
    percent: int
    operation: str
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """The ownership file: epochs by job and by flow, each strictly increasing in time."""

    jobs: Mapping[str, tuple[Epoch, ...]] = field(default_factory=dict)
    flows: Mapping[str, tuple[Epoch, ...]] = field(default_factory=dict)

    def owner(self, job: str, tick: datetime) -> Owner:
        """Return the owner of ``job``'s tick; ``tick`` is aware, a whole second."""
        epoch = epoch_at(self.jobs.get(job, ()), tick)
        if epoch is None:
            return Owner.VERCEL
        shared = _WHOLE.get(epoch.percent) or _sharer(epoch.percent, job, tick_text(tick))
        if epoch.owner is None:
            return shared
        is_meant = shared is Owner.INNGEST or epoch.owner is Owner.NOBODY
        return epoch.owner if is_meant else shared

    def acts(self, side: Owner, job: str, tick: datetime) -> bool:
        """Return whether ``side`` acts on ``job``'s tick, alone or beside the other."""
        return self.owner(job, tick) in (side, Owner.BOTH)

    def flow_owner(self, flow: str, key: str, at: datetime) -> Owner:
        """Return the owner of ``key`` (a user) in ``flow`` at the instant ``at``."""
        return _sharer(percent_at(self.flows.get(flow, ()), at), flow, key)

    def with_epoch(self, job: str, epoch: Epoch, now: datetime) -> Ownership:
        """Return the ownership with one more epoch of ``job``.

        Raises:
            RefusedError: if it does not come after the job's others, or if one of those is
                still to come.
        """
        return replace(
            self, jobs={**self.jobs, job: _append(job, self.jobs.get(job, ()), epoch, now)}
        )

    def with_jobs(self, jobs: Mapping[str, tuple[Epoch, ...]]) -> Ownership:
        """Return the ownership with these epochs of jobs in place of its own."""
        return replace(self, jobs=jobs)


def bucket(unit: str, key: str) -> int:
    """Return the bucket, 0 to 9,999, of a tick or user: the first 8 bytes of a SHA-256."""
    digest = hashlib.sha256(f"{unit}\n{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS


def epoch_at(epochs: Sequence[Epoch], instant: datetime) -> Epoch | None:
    """Return the epoch in force at ``instant``; ``None`` before the first."""
    for epoch in reversed(epochs):
        if epoch.effective_at <= instant:
            return epoch
    return None


def percent_at(epochs: Sequence[Epoch], instant: datetime) -> int:
    """Return the percentage in force at ``instant``; 0 before the first epoch."""
    epoch = epoch_at(epochs, instant)
    return epoch.percent if epoch else 0


def tick_text(tick: datetime) -> str:
    """Return the text of a tick that is hashed and sent: ``2026-11-24T12:00:00Z``."""
    utc = tick if tick.tzinfo is UTC else tick.astimezone(UTC)
    return f"{utc.isoformat()[:19]}Z"


def parse_ownership(text: str) -> Ownership:
    """Return the ownership in a file's text, by the grammar of docs/ownership.md.

    Raises:
        ConfigError: naming the first place that is not as it should be.
    """
    try:
        # Numbers are what they are in JavaScript, which cannot tell 10 from 10.0.
        document = json.loads(text, parse_int=float, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _broken(str(error)) from error
    if not isinstance(document, dict) or not _is_number(document.get("version"), 1):
        raise _broken("it is not version 1 of the ownership file")
    _refuse_unknown_names("it", document, _DOCUMENT)
    return Ownership(_units(document, "jobs"), _units(document, "flows"))


def dump_ownership(ownership: Ownership) -> str:
    """Return the file's text; :func:`parse_ownership` reads it back as the same."""
    document: dict[str, Any] = {"version": 1, "jobs": _plain(ownership.jobs)}
    if ownership.flows:
        document["flows"] = _plain(ownership.flows)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def digest(ownership: Ownership) -> str:
    """Return the short digest by which both sides tell which file they hold.

    It is made from what the file says, for a deployment may hold it as a module, without its layout
    and order of names.
    """
    parts = [
        [
            [name, [_spelled(epoch) for epoch in epochs]]
            for name, epochs in sorted(units.items(), key=lambda item: item[0].encode("utf-16-be"))
        ]
        for units in (ownership.jobs, ownership.flows)
    ]
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _spelled(epoch: Epoch) -> list[str | int]:
    named = [str(epoch.owner)] if epoch.owner else []
    return [tick_text(epoch.effective_at), epoch.percent, epoch.operation, *named]


def _sharer(percent: int, unit: str, key: str) -> Owner:
    """Return the side that has the key, of the two that share a unit."""
    return Owner.INNGEST if bucket(unit, key) < percent * 100 else Owner.VERCEL


def _append(unit: str, epochs: tuple[Epoch, ...], epoch: Epoch, now: datetime) -> tuple[Epoch, ...]:
    last = epochs[-1].effective_at if epochs else None
    if last is not None and last > now:
        raise RefusedError(
            f"An epoch of {unit} is still to come, at {tick_text(last)}.",
            reason="epoch-pending",
            hint=f"Wait for it, or take it back: cronshift rollback {unit}",
        )
    if last is not None and epoch.effective_at <= last:
        raise RefusedError(
            f"An epoch at {tick_text(epoch.effective_at)} does not come after the last one,"
            f" {tick_text(last)}.",
            reason="epoch-order",
            hint="Choose a later --at.",
        )
    return (*epochs, epoch)


def _units(document: Mapping[str, Any], key: str) -> dict[str, tuple[Epoch, ...]]:
    units = document.get(key, {})
    if not isinstance(units, dict):
        raise _broken(f"`{key}` is not an object")
    return {_text(key, unit): _epochs(f"{key}.{unit}", epochs) for unit, epochs in units.items()}


def _epochs(place: str, values: Any) -> tuple[Epoch, ...]:
    if not isinstance(values, list):
        raise _broken(f"`{place}` is not a list")
    epochs = tuple(
        _epoch(f"{place}[{index}]", value, is_job=place.startswith("jobs."))
        for index, value in enumerate(values)
    )
    for earlier, later in pairwise(epochs):
        if later.effective_at <= earlier.effective_at:
            raise _broken(f"the epochs of `{place}` are not strictly increasing")
    return epochs


def _epoch(place: str, value: Any, *, is_job: bool) -> Epoch:
    if not isinstance(value, dict) or not value.keys() >= _EPOCH:
        raise _broken(f"`{place}` is not an epoch")
    _refuse_unknown_names(f"`{place}`", value, _EPOCH | ({"owner"} if is_job else set()))
    return Epoch(
        _instant(f"{place}.effective_at", value["effective_at"]),
        _percent(f"{place}.percent", value["percent"]),
        _text(f"{place}.operation", value["operation"]),
        _named(f"{place}.owner", value["owner"]) if "owner" in value else None,
    )


def _instant(place: str, value: Any) -> datetime:
    """Return an instant in UTC; its year, too, is from 1 to 9999 there."""
    try:
        if _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise _broken(f"`{place}` is not an instant like 2026-11-24T12:00:00Z")


def _percent(place: str, value: Any) -> int:
    if type(value) is float and value.is_integer() and 0 <= value <= 100:  # noqa: PLR2004 - percent
        return int(value)
    raise _broken(f"`{place}` is not a whole number from 0 to 100")


def _text(place: str, value: Any) -> str:
    if isinstance(value, str) and not _HALF_OF_A_PAIR.search(value):
        return value
    raise _broken(f"`{place}` is not Unicode text")


def _named(place: str, value: Any) -> Owner:
    if value in (Owner.BOTH, Owner.NOBODY):
        return Owner(value)
    raise _broken(f'`{place}` is neither "both" nor "nobody"')


def _is_number(value: Any, number: int) -> bool:
    return type(value) is float and value == number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _refuse_unknown_names(place: str, value: Mapping[str, Any], names: frozenset[str]) -> None:
    """Refuse names that a later version may give a meaning: going by the rest would be a guess."""
    unknown = sorted(value.keys() - names)
    if unknown:
        raise _broken(f"{place} has a name that version 1 does not know: {unknown[0]!r}")


def _plain(units: Mapping[str, Sequence[Epoch]]) -> dict[str, list[dict[str, Any]]]:
    return {
        unit: [
            {
                "effective_at": tick_text(epoch.effective_at),
                "percent": epoch.percent,
                "operation": epoch.operation,
                **({"owner": str(epoch.owner)} if epoch.owner else {}),
            }
            for epoch in epochs
        ]
        for unit, epochs in units.items()
    }


def _broken(what: str) -> ConfigError:
    return ConfigError(
        f"{OWNERSHIP_NAME} cannot be read: {what}.",
        reason="broken-ownership",
        hint=f"Restore it from version control: git checkout {OWNERSHIP_NAME}",
        where=OWNERSHIP_NAME,
    )

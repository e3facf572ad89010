"""What ``[sessions]`` in cronshift.toml says: names of tables, columns, labels; never a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cronshift.schedule.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping


class CostKind(StrEnum):
    """How a session's cost in credits is told."""

    CONSTANT = "constant"
    COLUMN = "column"
    ARRAY_LENGTH = "array_length"


@dataclass(frozen=True, slots=True)
class Cost:
    """A session's cost: a number, a column, or the length of the list in a column."""

    kind: CostKind
    value: int | str


@dataclass(frozen=True, slots=True)
class Delivered:
    """Where what was delivered stands: a row each, with the session's id in ``session``."""

    table: str
    session: str


@dataclass(frozen=True, slots=True)
class Credits:
    """Where users' credits stand; ``spent`` is moved down by refunds, where there is one."""

    table: str
    id: str
    balance: str
    spent: str | None = None


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The mapping of the sessions' table.

    Attributes:
        started: when processing began; ``created`` stands in where there is no such column.
        error: where the reason of a failure is written.
        legacy: the label with which the old path picks a session up.
    """

    table: str
    id: str
    user: str
    status: str
    created: str
    queued: str
    processing: tuple[str, ...]
    finished: str
    failed: str
    cost: Cost
    credits: Credits
    database_url_env: str = "DATABASE_URL"
    started: str | None = None
    error: str | None = None
    legacy: str | None = None
    delivered: Delivered | None = None
    queued_timeout: timedelta = timedelta(minutes=10)
    processing_timeout: timedelta = timedelta(minutes=15)


def read_sessions(table: Mapping[str, Any]) -> SessionSettings:
    """Return the settings of a table that the schema of cronshift.toml allows."""
    given = dict(table)
    kind, value = next(iter(given.pop("cost").items()))
    delivered = given.pop("delivered", None)
    for name in ("queued_timeout", "processing_timeout"):
        if name in given:
            given[name] = parse_duration(given[name])
    given["processing"] = tuple(given["processing"])
    return SessionSettings(
        **{**given, "credits": Credits(**given["credits"])},
        cost=Cost(CostKind(kind), value),
        delivered=Delivered(**delivered) if delivered else None,
    )

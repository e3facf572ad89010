"""The [sessions] of cronshift.toml: names of tables, columns, labels; never a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cronshift.runtime.schedule.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping


class CostKind(StrEnum):
    """The kind of a session's cost in credits."""

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
    """The table of delivered items: a row each, with the session's id in ``session``."""

    table: str
    session: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class Credits:
    """The table of users' credits; ``spent`` is moved down by refunds, where there is one."""

    table: str
    id: str
    balance: str
    spent: str | None = None
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class RefundedColumn:
    """A column of the sessions' table that is set (or true) once the app has refunded a session."""

    column: str


@dataclass(frozen=True, slots=True)
class RefundLedger:
    """A table of the app with a row for every refund.

    Attributes:
        session: the column with the session's id.
        where: the columns, with their values, that make a row a refund.
    """

    table: str
    session: str
    where: Mapping[str, str] = field(default_factory=dict)
    schema: str | None = None


Refunded = RefundedColumn | RefundLedger
"""How the app records what it has refunded itself."""


class UserInEvent(StrEnum):
    """The form in which an event names its user."""

    AUTO = "auto"
    """As the app does; hashed where the id is an e-mail address."""
    PLAIN = "plain"
    HASHED = "hashed"


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The mapping of the sessions' table.

    Attributes:
        flow: its name, recorded beside every refund.
        schema: of the tables, where they are outside the search path; cronshift's stand there too.
        started: when processing began; ``created`` stands in where there is no such column.
        completed: when a session ended, however it ended.
        updated: when a row was last written, where the app and not the database sets that.
        error: where the reason of a failure is written.
        legacy: the label with which the old path picks a session up.
        refunded: how the app records its own refunds; without it, only sessions of the flow are paid.
        times: how the columns of times are to be read, by the key that names the column; ``""`` is
            for those that are not named.
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
    flow: str = ""
    schema: str | None = None
    started: str | None = None
    completed: str | None = None
    updated: str | None = None
    error: str | None = None
    legacy: str | None = None
    delivered: Delivered | None = None
    refunded: Refunded | None = None
    times: Mapping[str, str] = field(default_factory=dict)
    user_in_event: UserInEvent = UserInEvent.AUTO
    queued_timeout: timedelta = timedelta(minutes=10)
    processing_timeout: timedelta = timedelta(minutes=15)

    @property
    def in_hand(self) -> tuple[str, ...]:
        """The labels of sessions that somebody processes, the old path included."""
        old_path = (self.legacy,) if self.legacy else ()
        return tuple(dict.fromkeys((*self.processing, *old_path)))


def read_sessions(table: Mapping[str, Any]) -> SessionSettings:
    """Return the settings of a table that the schema of cronshift.toml allows."""
    values = dict(table)
    kind, value = next(iter(values.pop("cost").items()))
    delivered = values.pop("delivered", None)
    refunded = values.pop("refunded", None)
    times = values.pop("times", {})
    for name in ("queued_timeout", "processing_timeout"):
        if name in values:
            values[name] = parse_duration(values[name])
    return SessionSettings(
        **{
            **values,
            "credits": Credits(**values["credits"]),
            "processing": tuple(values["processing"]),
            "user_in_event": UserInEvent(values.get("user_in_event", UserInEvent.AUTO)),
        },
        cost=Cost(CostKind(kind), value),
        delivered=Delivered(**delivered) if delivered else None,
        refunded=_refunded(refunded),
        times={"": times} if isinstance(times, str) else times,
    )


def _refunded(value: str | Mapping[str, Any] | None) -> Refunded | None:
    if value is None:
        return None
    return RefundedColumn(value) if isinstance(value, str) else RefundLedger(**value)

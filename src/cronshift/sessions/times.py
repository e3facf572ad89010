"""The forms in which users' tables hold instants, and the meaning of a value of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

DAY_IS_OVER = timedelta(hours=36)
"""From the beginning of a day in UTC until it is over in every zone."""

EARLIEST, LATEST = 1_000_000_000, 4_102_444_800
"""What a number may mean in seconds since 1970: from September 2001 to 2100."""

ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)


DIGITS = re.compile(r"[0-9]{9,19}", re.ASCII)
"""A text that is a number since 1970."""


class TimeForm(StrEnum):
    """The form of instants in a column; the words are those of ``times`` in cronshift.toml."""

    INSTANT = "instant"
    """With its zone, as the database has it."""
    LOCAL = "local"
    """Without a zone: on the clock of ``TimeColumn.zone``."""
    DATE = "date"
    SECONDS = "epoch-seconds"
    MILLISECONDS = "epoch-milliseconds"
    MICROSECONDS = "epoch-microseconds"
    EPOCH = "epoch"
    """A number since 1970 whose unit is told from its size, row by row."""
    TEXT = "iso"
    """ISO 8601; without a zone it is UTC."""
    ANY = "any"
    """SQLite's own: text and numbers, told apart row by row."""


PER_SECOND = {
    TimeForm.SECONDS: 1,
    TimeForm.MILLISECONDS: 1_000,
    TimeForm.MICROSECONDS: 1_000_000,
}
_NANOSECONDS = 1_000_000_000
UNITS = (*PER_SECOND.values(), _NANOSECONDS)


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column of instants.

    Attributes:
        role: the key of cronshift.toml that names it.
        sample: the newest value, ``None`` where there is none; it tells how new ones are written.
    """

    role: str
    column: ColumnElement[Any]
    form: TimeForm
    zone: str = "UTC"
    sample: Any = None

    def reading(self) -> str | None:
        """Return one value with its reading; ``None`` where the column is empty."""
        if self.sample is None:
            return None
        instant = read_instant(self.sample, self.form, self.zone)
        meant = "no time" if instant is None else f"{instant:%Y-%m-%d %H:%M:%S} UTC"
        how = f"local time of {self.zone}" if self.form is TimeForm.LOCAL else str(self.form)
        if self.form is TimeForm.ANY:
            how = "text, in UTC" if isinstance(self.sample, str) else "a number since 1970"
        return f"{self.role}: {self.sample} is taken for {meant} ({how})"

    @property
    def is_settled(self) -> bool:
        """True when it is known how a new value is written."""
        unit_is_open = self.form is TimeForm.EPOCH and self.sample is None
        return not unit_is_open


def read_instant(value: Any, form: TimeForm, zone: str = "UTC") -> datetime | None:
    """Return the instant that a value of a column means; ``None`` for one that is no time."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else _in_zone(value, zone)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _of_number(value, form)
    if isinstance(value, str) and DIGITS.fullmatch(value):
        return _of_number(int(value), form)
    if isinstance(value, str) and ISO.fullmatch(value):
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            return None
        return instant.astimezone(UTC) if instant.tzinfo else _in_zone(instant, zone)
    return None


def write_instant(instant: datetime, time_column: TimeColumn) -> Any:
    """Return an instant as a column holds it; as its newest value is where there is a choice."""
    instant, form, sample = instant.astimezone(UTC), time_column.form, time_column.sample
    if form is TimeForm.INSTANT:
        return instant
    if form is TimeForm.LOCAL:
        return instant.astimezone(ZoneInfo(time_column.zone)).replace(tzinfo=None)
    if form is TimeForm.DATE:
        return instant.date()
    if form in PER_SECOND:
        return _number(instant, PER_SECOND[form])
    if isinstance(sample, int | float | Decimal):
        return _number(instant, _unit(sample) or 1)
    if isinstance(sample, str) and DIGITS.fullmatch(sample):
        return str(_number(instant, _unit(int(sample)) or 1))
    if form is TimeForm.TEXT or (isinstance(sample, str) and "T" in sample):
        return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return instant.strftime("%Y-%m-%d %H:%M:%S.%f")


def _in_zone(value: datetime, zone: str) -> datetime:
    return value.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _of_number(value: float | Decimal, form: TimeForm) -> datetime | None:
    unit = PER_SECOND.get(form) or _unit(value)
    if unit is None:
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(value) / unit)
    except (OverflowError, ValueError):
        return None


def _unit(value: float | Decimal) -> int | None:
    """Return the number of a value's units in a second, told from its size."""
    return next((unit for unit in UNITS if EARLIEST <= value / unit < LATEST), None)


def _number(instant: datetime, unit: int) -> int:
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1) * unit // 1_000_000

"""Instants in every form that a user's table has them in: found, shown, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import column

from cronshift.sessions.times import TimeColumn, TimeForm, read_instant, write_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.sessions.odd import Odd

POSTGRESQL = pytest.mark.parametrize("odd", ["postgresql"], indirect=True)
SQLITE = pytest.mark.parametrize("odd", ["sqlite"], indirect=True)
INSTANTS = st.datetimes(datetime(2002, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def two(odd: Odd, fresh: object, late: object) -> None:
    """Queue a session of a second ago, and one of two hours ago: only the second is an orphan."""
    odd.make("INSERT INTO owners VALUES (1, 0)")
    for number, value in ((1, fresh), (2, late)):
        odd.make(
            "INSERT INTO renders (id, owner_id, state, made_at, price)"
            f" VALUES ({number}, 1, 'queued', {value}, 10)"
        )


def told_apart(odd: Odd) -> None:
    """Sweep, and see that the fresh session was left and the late one settled."""
    answer = odd.sweep()
    assert (answer.code, answer.document.get("settled")) == (0, 1), answer.text
    assert odd.states() == ["queued", "failed"]


def fresh() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


def late() -> datetime:
    return datetime.now(UTC) - timedelta(hours=2)


FORMS: dict[str, Callable[[datetime], object]] = {
    "milliseconds": lambda instant: int(instant.timestamp() * 1000),
    "seconds": lambda instant: int(instant.timestamp()),
    "microseconds": lambda instant: int(instant.timestamp() * 1_000_000),
    "T and Z": lambda instant: f"'{instant:%Y-%m-%dT%H:%M:%S.000Z}'",
    "an offset": lambda instant: f"'{(instant + timedelta(hours=2)):%Y-%m-%dT%H:%M:%S}+02:00'",
    "a space": lambda instant: f"'{instant:%Y-%m-%d %H:%M:%S}'",
}


@SQLITE
@pytest.mark.parametrize("declared", ["DATETIME", "TEXT", "BIGINT", ""])
@pytest.mark.parametrize("form", FORMS)
def test_sqlite_is_read_row_by_row(odd: Odd, form: str, declared: str) -> None:
    odd.renders(time=declared)
    odd.map()
    two(odd, FORMS[form](fresh()), FORMS[form](late()))
    told_apart(odd)


@SQLITE
def test_sqlite_may_hold_several_forms_in_one_column(odd: Odd) -> None:
    odd.renders(time="DATETIME")
    odd.map()
    two(odd, FORMS["milliseconds"](fresh()), FORMS["T and Z"](late()))
    told_apart(odd)


@POSTGRESQL
@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("bigint", "milliseconds"),
        ("bigint", "seconds"),
        ("numeric", "microseconds"),
        ("double precision", "seconds"),
        ("text", "T and Z"),
        ("text", "an offset"),
        ("varchar(40)", "a space"),
        ("timestamptz", "an offset"),
        ("timestamp", "a space"),
    ],
)
def test_postgresql_is_read_by_its_type(odd: Odd, kind: str, form: str) -> None:
    odd.renders(time=kind)
    odd.map()
    two(odd, FORMS[form](fresh()), FORMS[form](late()))
    told_apart(odd)


def test_a_day_is_late_once_it_is_over_everywhere(odd: Odd) -> None:
    odd.renders(time="date")
    odd.map()
    two(odd, f"'{date.today()}'", f"'{date.today() - timedelta(days=3)}'")  # noqa: DTZ011 - a day
    told_apart(odd)


@POSTGRESQL
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_time_without_zone_in_a_database_that_is_not_utc_is_refused_until_it_is_said(
    odd: Odd, zone: str
) -> None:
    odd.renders()
    odd.make(f"ALTER DATABASE {odd.database} SET timezone = '{zone}'")
    odd.engine.dispose()
    odd.map()
    two(odd, "now()", "now() - interval '2 hours'")  # on the database's own clock
    refused = odd.sweep()
    assert refused.document["error"]["reason"] == "mapping-mismatch"
    assert zone in refused.document["error"]["message"]
    assert 'times = "database"' in refused.document["error"]["message"]
    assert odd.states() == ["queued", "queued"]
    odd.map('times = "database"')
    told_apart(odd)
    reading = odd.ask("sessions", "status").document["times"]
    assert f"local time of {zone}" in reading[0]


@POSTGRESQL
def test_what_prisma_wrote_in_utc_is_so_in_any_zone(odd: Odd) -> None:
    odd.renders()
    odd.make(f"ALTER DATABASE {odd.database} SET timezone = 'Asia/Tokyo'")
    odd.map('times = "utc"')
    two(odd, FORMS["a space"](fresh()), FORMS["a space"](late()))
    told_apart(odd)


@pytest.mark.parametrize("value", ["'soon'", "'now'", "'2026-02-30 10:00:00'", "'12:00'", "NULL"])
def test_a_time_that_cannot_be_read_is_listed_and_stops_nobody(odd: Odd, value: str) -> None:
    odd.renders(time="text")
    odd.map()
    two(odd, value, "'2020-01-01 00:00:00'")
    if value.startswith("'2026-02-30") and not odd.is_postgresql:
        return  # SQLite takes it for the second of March
    answer = odd.sweep()
    assert (answer.code, answer.document["settled"]) == (1, 1)
    assert answer.reasons == {"1": "its time cannot be read"}


@pytest.mark.parametrize("number", [17, 5_000_000, -1_700_000_000])
def test_a_number_that_is_no_time_is_listed(odd: Odd, number: int) -> None:
    odd.renders(time="bigint")
    odd.map()
    two(odd, number, int(late().timestamp()))
    assert odd.sweep().reasons == {"1": "its time cannot be read"}


def test_a_column_that_holds_no_time_is_refused(odd: Odd) -> None:
    odd.renders(time="boolean")
    odd.map()
    assert "made_at is boolean" in odd.sweep().document["error"]["message"]


@pytest.mark.parametrize("value", ["epoch-seconds", "epoch-milliseconds"])
def test_the_mapping_may_say_the_unit(odd: Odd, value: str) -> None:
    odd.renders(time="bigint")
    odd.map(f'times = {{ created = "{value}" }}')
    unit = 1000 if "milli" in value else 1
    two(odd, int(fresh().timestamp() * unit), 17)  # seventeen is long ago in both
    told_apart(odd)


@given(INSTANTS, st.sampled_from([form for form in TimeForm if form is not TimeForm.DATE]))
def test_what_is_written_is_read_back(instant: datetime, form: TimeForm) -> None:
    sample = 1_700_000_000_000 if form is TimeForm.EPOCH else None
    time = TimeColumn("created", column("created"), form, "Europe/Berlin", sample)
    if form is not TimeForm.LOCAL:
        time = TimeColumn("created", column("created"), form, sample=sample)
    read = read_instant(write_instant(instant, time), form, time.zone)
    assert read is not None
    slack = timedelta(seconds=1)
    doubled = form is TimeForm.LOCAL and abs(read - instant) == timedelta(hours=1)
    assert doubled or abs(read - instant) <= slack


@SQLITE
@pytest.mark.parametrize("form", ["milliseconds", "seconds", "T and Z", "a space"])
def test_the_flow_writes_as_the_app_does(odd: Odd, form: str) -> None:
    from sqlalchemy import create_engine

    from cronshift.project.settings import parse_settings
    from cronshift.sessions.dialect import dialect_of
    from cronshift.sessions.flow import SessionFlow
    from cronshift.sessions.mapping import map_tables

    odd.make(
        "CREATE TABLE owners (id integer PRIMARY KEY, coins integer NOT NULL)",
        "CREATE TABLE renders (id text PRIMARY KEY, owner_id integer, state text, made_at DATETIME,"
        " why text, price integer)",
        "INSERT INTO owners VALUES (1, 50)",
        f"INSERT INTO renders VALUES ('a', 1, 'done', {FORMS[form](late())}, NULL, 10)",
    )
    odd.map()
    settings = parse_settings((odd.root / "cronshift.toml").read_text()).sessions
    assert settings is not None
    engine = create_engine(odd.url)
    dialect_of(engine).prepare(engine)
    made: Any = SessionFlow("renders", engine, map_tables(engine, settings)).enqueue(1, 10, {})
    kinds = odd.one(
        "SELECT count(DISTINCT typeof(made_at)), count(DISTINCT length(made_at) / 6) FROM renders"
    )
    assert kinds[0] == 1
    assert odd.coins() == 40
    assert made.session_id
    engine.dispose()

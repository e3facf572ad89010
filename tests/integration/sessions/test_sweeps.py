"""Orphans, late sessions and old debts, settled on real databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from cronshift.errors import ConfigError, CronshiftError
from cronshift.project.settings import parse_settings
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.settings import Cost, CostKind, SessionSettings
from cronshift.sessions.sweeping import Report, SweepLimits

if TYPE_CHECKING:
    from tests.integration.sessions.conftest import App

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD = NOW - timedelta(hours=1)


def fail_orphans(app: App, limits: SweepLimits | None = None) -> Report:
    mapped = app.database.mapped
    sweep = scripts.orphans(mapped, NOW, becomes=app.settings.failed, refund=True)
    return sweeping.run(app.database.engine, mapped, sweep, limits)


def test_an_orphan_is_failed_and_refunded_with_its_reason(app: App) -> None:
    user = app.user(credits_left=10, spent=5)
    session = app.session(user, models=3)
    report = fail_orphans(app)
    assert (report.seen, report.settled, report.refunded, report.credits) == (1, 1, 1, 3)
    assert app.state(session) == ("error", "not processed in time")
    assert app.account(user) == (13, 2)
    assert app.one("SELECT note FROM prediction_sessions") == "untouched"


def test_what_was_delivered_is_not_refunded(app: App) -> None:
    user = app.user()
    app.session(user, models=3, delivered=2)
    app.session(user, models=1, delivered=1)
    app.session(user, models=0)
    report = fail_orphans(app)
    assert (report.settled, report.refunded, report.credits) == (3, 1, 1)
    assert app.account(user) == (11, 4)


def test_only_what_is_queued_too_long_is_touched(app: App) -> None:
    user = app.user()
    kept = [
        app.session(user, "queued", created=NOW - timedelta(minutes=9)),
        app.session(user, "generating"),
        app.session(user, "finished"),
        app.session(user, "error"),
    ]
    before = [app.state(session) for session in kept]
    assert fail_orphans(app).seen == 0
    assert [app.state(session) for session in kept] == before
    assert app.account(user) == (10, 5)


def test_run_again_it_changes_nothing(app: App) -> None:
    user = app.user()
    for _ in range(5):
        app.session(user)
    assert fail_orphans(app).credits == 15
    again = fail_orphans(app)
    assert (again.seen, again.settled, again.refunded, again.credits) == (0, 0, 0, 0)
    assert app.account(user) == (25, -10)


@pytest.mark.parametrize("chunk", [1, 2, 7, 100])
def test_chunks_add_up(app: App, chunk: int) -> None:
    users = [app.user(0, 0) for _ in range(4)]
    for number in range(17):
        app.session(users[number % 4], models=number % 5)
    seen: list[int] = []
    report = fail_orphans(
        app, SweepLimits(chunk=chunk, observe=lambda told: seen.append(told.seen))
    )
    assert report.seen == 17
    assert report.chunks == -(-17 // chunk) == len(seen)
    expected = [sum(n % 5 for n in range(17) if n % 4 == user) for user in range(4)]
    assert [app.account(user) for user in users] == [(owed, -owed) for owed in expected]
    assert report.credits == sum(expected)
    assert report.credits == int(app.one("SELECT sum(amount) FROM cronshift_refunds"))


def test_a_limit_ends_it_and_a_stop_too(app: App) -> None:
    user = app.user()
    for _ in range(10):
        app.session(user)
    assert fail_orphans(app, SweepLimits(most=4, chunk=3)).seen == 4
    stopped = fail_orphans(app, SweepLimits(chunk=2, stop=lambda: True))
    assert (stopped.seen, stopped.stopped) == (2, True)
    assert fail_orphans(app).seen == 4


def test_sessions_that_failed_earlier_get_what_they_are_owed_once(app: App) -> None:
    user = app.user()
    app.session(user, "error", models=3, delivered=1)
    app.session(user, "error", models=2, delivered=2)
    app.session(user, "finished", models=3)
    of_flow = scripts.owed(app.database.mapped, NOW)
    assert sweeping.count(app.database.engine, app.database.mapped, of_flow) == (0, 0)
    for credits_paid in (2, 0):
        sweep = scripts.owed(app.database.mapped, NOW, since=OLD)
        count = sweeping.count(app.database.engine, app.database.mapped, sweep)
        assert count == (1 if credits_paid else 0, credits_paid)
        report = sweeping.run(app.database.engine, app.database.mapped, sweep)
        assert report.credits == credits_paid
    assert app.account(user) == (12, 3)


def test_an_orphan_that_was_failed_is_owed_nothing_more(app: App) -> None:
    user = app.user()
    app.session(user)
    fail_orphans(app)
    sweep = scripts.owed(app.database.mapped)
    assert sweeping.count(app.database.engine, app.database.mapped, sweep) == (0, 0)


def test_a_flow_of_another_name_pays_nothing_twice(app: App) -> None:
    user = app.user()
    paid, failed = app.session(user), app.session(user, "error", models=2)
    fail_orphans(app)
    renamed = scripts.open_database(replace(app.settings, flow="renamed"))
    mapped = renamed.mapped
    app.do("UPDATE prediction_sessions SET status = 'queued' WHERE id = :id", id=paid)
    for sweep in (
        scripts.orphans(mapped, NOW, becomes="error", refund=True),
        scripts.owed(mapped, NOW, since=OLD),
    ):
        sweeping.run(renamed.engine, mapped, sweep)
    of = "SELECT CAST(amount AS integer), flow FROM cronshift_refunds WHERE session_id = :id"
    assert app.one(of, id=paid) == (3, app.settings.flow)
    assert app.one(of, id=failed) == (2, "renamed")
    assert app.state(paid)[0] == "error"
    assert app.account(user) == (15, 0)
    again = "INSERT INTO cronshift_refunds SELECT session_id, user_id, amount, refunded_at, reason, source, 'third' FROM cronshift_refunds"
    with pytest.raises(IntegrityError):
        app.do(again)
    renamed.close()


def test_two_flows_on_one_table_pay_each_session_once(app: App) -> None:
    """A debt hangs on the session, whoever settles it: a key with the flow's name would let both pay."""
    user = app.user()
    for _ in range(40):
        app.session(user, models=2)
    flows = [scripts.open_database(replace(app.settings, flow=name)) for name in ("one", "two")]

    def settle(database: scripts.Database) -> Report:
        sweep = scripts.orphans(database.mapped, NOW, becomes="error", refund=True)
        return sweeping.run(database.engine, database.mapped, sweep, SweepLimits(chunk=3))

    with ThreadPoolExecutor() as pool:
        reports = list(pool.map(settle, flows))
    assert sum(report.refunded for report in reports) == 40
    assert sum(report.credits for report in reports) == 80
    assert app.account(user)[0] == 10 + 80
    assert app.one("SELECT count(*), count(DISTINCT session_id) FROM cronshift_refunds") == (40, 40)
    for database in flows:
        database.close()


def test_processing_that_takes_too_long_is_settled(app: App) -> None:
    user = app.user()
    late = app.session(user, "generating", delivered=1, started=NOW - timedelta(minutes=16))
    fine = app.session(user, "initializing", started=NOW - timedelta(minutes=14))
    mapped = app.database.mapped
    report = sweeping.run(app.database.engine, mapped, scripts.stuck(mapped, NOW))
    assert (report.settled, report.credits) == (1, 2)
    assert app.state(late)[0] == "error"
    assert app.state(fine)[0] == "initializing"


def test_orphans_can_be_handed_to_the_old_path_without_a_refund(app: App) -> None:
    user = app.user()
    session = app.session(user)
    mapped = app.database.mapped
    sweep = scripts.orphans(mapped, NOW, becomes=app.settings.legacy, refund=False)
    report = sweeping.run(app.database.engine, mapped, sweep)
    assert (report.settled, report.refunded) == (1, 0)
    assert app.state(session)[0] == "initializing"
    assert app.account(user) == (10, 5)


@pytest.mark.parametrize(
    ("cost", "paid"), [(Cost(CostKind.CONSTANT, 4), 4), (Cost(CostKind.CONSTANT, 0), 0)]
)
def test_a_cost_may_be_a_number(app: App, cost: Cost, paid: int) -> None:
    settings = replace(app.settings, cost=cost)
    database = scripts.open_database(settings)
    user = app.user()
    app.session(user, models=9)
    sweep = scripts.orphans(database.mapped, NOW, becomes="error", refund=True)
    assert sweeping.run(database.engine, database.mapped, sweep).credits == paid
    database.engine.dispose()


def test_where_the_sessions_stand(app: App) -> None:
    user = app.user()
    app.session(user, "queued", created=NOW - timedelta(seconds=90))
    app.session(
        user,
        "finished",
        created=NOW - timedelta(hours=1),
        started=NOW - timedelta(minutes=59, seconds=56),
    )
    app.session(user, "error")
    told = scripts.status(app.database, NOW)
    assert told["states"] == {"queued": 1, "finished": 1, "error": 1}
    assert told["oldest_queued_seconds"] == 90
    assert told["completion_rate"] == {"all": 0.5, "new": None, "old": 0.5}
    assert told["queue_to_processing_seconds"] == {"p50": 4.0, "p95": 4.0, "p99": 4.0}


def test_every_refund_can_be_audited(app: App) -> None:
    user = app.user()
    session = app.session(user)
    fail_orphans(app)
    ((row),) = scripts.refunds(app.database)
    assert (row["session_id"], row["user_id"], row["amount"]) == (session, user, 3)
    assert row["reason"] == "not processed in time"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table": "sessions"}, "there is no table 'sessions'"),
        ({"status": "state", "error": "reason"}, "prediction_sessions has no column 'state'; prediction_sessions has no column 'reason'"),
        ({"created": "id; DROP TABLE users"}, "has no column 'id; DROP TABLE users'"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_is_told_whole_and_touches_nothing(
    app: App, settings: SessionSettings, change: dict[str, str], said: str
) -> None:
    app.session(app.user())
    with pytest.raises(ConfigError) as caught:
        scripts.open_database(replace(settings, **change))  # type: ignore[arg-type] # tests say what they mean
    assert caught.value.reason == "mapping-mismatch"
    assert said in caught.value.message
    assert app.one("SELECT count(*) FROM prediction_sessions WHERE status = 'queued'") == 1


def test_labels_that_an_enum_lacks_are_told(app: App, settings: SessionSettings) -> None:
    if not app.is_postgresql:
        pytest.skip("SQLite has no enums")
    with pytest.raises(ConfigError, match="status has no label 'waiting'"):
        scripts.open_database(replace(settings, queued="waiting"))


def test_a_database_that_is_not_named_or_away_is_told_without_its_address(
    settings: SessionSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(ConfigError, match="DATABASE_URL is not set"):
        scripts.open_database(settings)
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:s3cret@127.0.0.1:9/app?connect_timeout=1")
    with pytest.raises(CronshiftError) as caught:
        scripts.open_database(settings)
    assert "s3cret" not in caught.value.message


def test_settings_are_read_with_their_times(settings: SessionSettings) -> None:
    assert settings.queued_timeout == timedelta(minutes=10)
    assert settings.processing == ("initializing", "generating")
    with pytest.raises(ConfigError, match="cost"):
        parse_settings('[sessions]\ntable = "x"\ncost = { a = 1 }')

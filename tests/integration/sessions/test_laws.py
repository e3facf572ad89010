"""Laws of settling, over populations in which everything odd stands beside everything good.

What is recorded is what moved, each session is refunded at most once, and every session that money
hangs on ends or is listed.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from tests.integration.sessions.odd import OLD, RENDERS

from cronshift.project.settings import parse_settings
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.chunks import Worker
from cronshift.sessions.sweeping import SweepLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.integration.sessions.odd import Odd

    from cronshift.sessions.mapping import Mapped
    from cronshift.sessions.sweeping import Report, Sweep

MANY = int(os.environ.get("CRONSHIFT_TEST_SESSIONS", "3000"))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWNERS = (1, 2, 3, 4)  # 3 is kept by a trigger, 4 may have 1,000 at most
STATES = ("queued", "drawing", "done", "failed")
Session = tuple[int | None, str, Any, str | None]


def prepare(odd: Odd) -> scripts.Database:
    odd.make(
        "CREATE TABLE owners (id integer PRIMARY KEY, coins integer NOT NULL,"
        " CONSTRAINT poor CHECK (id <> 4 OR coins <= 1000))",
        RENDERS.format(time="timestamp", price="bigint"),
    )
    if odd.is_postgresql:
        odd.make(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF OLD.id = 3 THEN RETURN NULL; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER keep BEFORE UPDATE ON owners FOR EACH ROW EXECUTE FUNCTION keep()",
        )
    else:
        odd.make(
            "CREATE TRIGGER keep BEFORE UPDATE ON owners WHEN old.id = 3"
            " BEGIN SELECT RAISE(IGNORE); END"
        )
    odd.map()
    odd.patch.setenv("DATABASE_URL", odd.url)
    mapping = parse_settings((odd.root / "cronshift.toml").read_text()).sessions
    assert mapping is not None
    return scripts.open_database(mapping)


def fill(odd: Odd, sessions: Iterable[Session]) -> None:
    """Begin anew with these sessions: their user, state, price and time."""
    with odd.engine.begin() as connection:
        names = odd.tables() & {"cronshift_refunds", "cronshift_outbox"}
        for name in ("renders", "owners", *names):
            connection.execute(text(f"DELETE FROM {name}"))
        for owner in OWNERS:
            coins = 990 if owner == 4 else 0
            connection.execute(text(f"INSERT INTO owners VALUES ({owner}, {coins})"))
        rows = [
            {"id": number, "owner": owner, "state": state, "made": made, "price": price}
            for number, (owner, state, price, made) in enumerate(sessions, 1)
        ]
        if rows:
            connection.execute(
                text("INSERT INTO renders VALUES (:id, :owner, :state, :made, NULL, :price)"), rows
            )


def settle(odd: Odd, database: scripts.Database, chunk: int) -> list[Report]:
    since = datetime(2019, 1, 1, tzinfo=UTC)
    sweeps: list[Callable[[Mapped, datetime], Sweep]] = [
        partial(scripts.orphans, becomes="failed", refund=True),
        scripts.stuck,
        partial(scripts.owed, since=since),
    ]
    return [
        sweeping.run(
            database.engine, database.mapped, sweep(database.mapped, NOW), SweepLimits(chunk=chunk)
        )
        for sweep in sweeps
    ]


def laws_hold(odd: Odd, reports: list[Report]) -> None:
    recorded, refunds, sessions = odd.one(
        "SELECT coalesce(sum(amount), 0), count(*), count(DISTINCT session_id) FROM cronshift_refunds"
    )
    assert recorded == sum(report.credits for report in reports)
    assert refunds == sessions == sum(report.refunded for report in reports)
    assert odd.one("SELECT sum(coins) FROM owners") == 990 + recorded
    per_owner = odd.one(
        "SELECT count(*) FROM owners o WHERE coins <> (CASE WHEN id = 4 THEN 990 ELSE 0 END)"
        " + (SELECT coalesce(sum(amount), 0) FROM cronshift_refunds r"
        " WHERE r.user_id = CAST(o.id AS text))"
    )
    assert per_owner == 0
    wrong = odd.one(
        "SELECT count(*) FROM cronshift_refunds r JOIN renders s ON CAST(s.id AS text) = r.session_id"
        " WHERE s.state <> 'failed' OR r.amount <> s.price OR r.user_id <> CAST(s.owner_id AS text)"
    )
    assert wrong == 0
    left = odd.one(
        "SELECT count(*) FROM renders s WHERE s.state IN ('queued', 'drawing') OR (s.state = 'failed'"
        " AND (s.price IS NULL OR s.price <> 0)"
        " AND NOT EXISTS (SELECT 1 FROM cronshift_refunds r WHERE r.session_id = CAST(s.id AS text)))"
    )
    assert left == sum(report.aside.total for report in reports)


def test_a_balance_near_its_end_is_searched_for_once(odd: Odd) -> None:
    """What is as much or more than its user's balance did not take is not tried again."""
    database = prepare(odd)
    fill(odd, [(4, "queued", price, OLD) for price in (20, 3, 20, 3)] * 100)
    begun: list[object] = []
    event.listen(database.engine, "begin", begun.append)
    mapped = database.mapped
    sweep = scripts.orphans(mapped, NOW, becomes="failed", refund=True)
    report = sweeping.run(database.engine, mapped, sweep)
    assert (report.settled, report.credits, report.aside.total) == (3, 9, 397)
    assert {aside.reason.partition(":")[0] for aside in report.exceptions} == {
        "the database refuses the change"
    }
    assert len(begun) < 100
    database.close()


def test_a_session_that_was_refunded_before_is_settled_without_another(odd: Odd) -> None:
    database = prepare(odd)
    fill(odd, [(1, "queued", 5, OLD)] * 6)
    settle(odd, database, 2)
    odd.make("UPDATE renders SET state = 'queued' WHERE id IN (2, 5)")
    orphans, *_ = settle(odd, database, 2)
    assert (orphans.settled, orphans.refunded, orphans.aside.total) == (2, 0, 0)
    assert odd.one("SELECT coins FROM owners WHERE id = 1") == 30
    database.close()


def test_a_refund_that_comes_in_between_makes_its_key_clash_and_is_not_paid_again(odd: Odd) -> None:
    database = prepare(odd)
    fill(odd, [(1, "queued", 5, OLD)] * 6)
    mapped = database.mapped.writable(database.engine)
    sweep = scripts.orphans(mapped, NOW, becomes="failed", refund=True)
    worker = Worker(database.engine, mapped, sweep)
    worker.look_for_refunds()
    odd.make(
        "INSERT INTO cronshift_refunds (session_id, user_id, amount, refunded_at, reason, source)"
        f" VALUES ('3', '1', 5, 0, 'another', '{mapped.source}')"
    )
    assert worker.unpaid
    chunk = worker.settle(None, 6, 6)
    assert (chunk.sessions, chunk.refunded, chunk.amount) == (6, 5, 25)
    assert odd.one("SELECT coins FROM owners WHERE id = 1") == 25
    database.close()


PRICES = st.one_of(st.integers(0, 30), st.none(), st.sampled_from([-5, 5_000_000_000, 2**62]))
SESSIONS = st.lists(
    st.tuples(
        st.sampled_from([*OWNERS, 99, None]),
        st.sampled_from(STATES),
        PRICES,
        st.just(OLD) | st.none(),
    ),
    max_size=14,
)


def test_the_laws_hold_for_any_population(odd: Odd) -> None:
    database = prepare(odd)

    @settings(max_examples=15, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(SESSIONS, st.integers(1, 8))
    def law(sessions: list[Session], chunk: int) -> None:
        fill(odd, sessions)
        laws_hold(odd, settle(odd, database, chunk))
        again = settle(odd, database, chunk)
        assert [report.settled for report in again] == [0, 0, 0]

    law()
    database.close()


def test_the_laws_hold_for_many(odd: Odd, record_property: Callable[[str, object], None]) -> None:
    chance = random.Random(7)  # noqa: S311 - a test, repeatable
    database = prepare(odd)
    odd_share = 0.02
    sessions: list[Session] = [
        (
            chance.choice([3, 4, 99, None])
            if chance.random() < odd_share
            else chance.choice([1, 2]),
            chance.choice(STATES),
            chance.choice([None, -1]) if chance.random() < odd_share else chance.randrange(9),
            OLD,
        )
        for _ in range(MANY)
    ]
    fill(odd, sessions)
    reports = settle(odd, database, 100_000)
    laws_hold(odd, reports)
    paid = sum(report.refunded for report in reports)
    aside = sum(report.aside.total for report in reports)
    assert paid > 0
    assert aside > 0
    record_property(
        "figures",
        f"{odd.engine.dialect.name}: {MANY:,} sessions, odd ones among them, {paid:,} refunds,"
        f" {aside:,} set aside, recorded = moved",
    )
    database.close()

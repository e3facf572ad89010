"""What the app has paid itself, what was recorded before tables were told apart, and who is forgotten."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from tests.integration.sessions.odd import OLD, USERS

if TYPE_CHECKING:
    from tests.integration.sessions.odd import Odd

POSTGRESQL = pytest.mark.parametrize("odd", ["postgresql"], indirect=True)


def shop(odd: Odd, refunded: str = "refunded_at timestamp") -> None:
    """Make an app that refunds a failed render itself; one more render is an orphan.

    Its user had 100, bought one for 10, got 10 back, and bought another for 10.
    """
    odd.make(
        USERS,
        "CREATE TABLE renders (id integer PRIMARY KEY, owner_id integer, state text,"
        f" made_at timestamp, why text, price integer, {refunded})",
        "CREATE TABLE coin_ledger (id integer PRIMARY KEY, render_id integer, kind text, amount integer)",
        "INSERT INTO owners VALUES (1, 90)",
        f"INSERT INTO renders VALUES (1, 1, 'failed', '{OLD}', 'upstream 500', 10, NULL)",
        f"INSERT INTO renders VALUES (2, 1, 'queued', '{OLD}', NULL, 10, NULL)",
        "INSERT INTO coin_ledger VALUES (1, 1, 'charge', -10), (2, 1, 'refund', 10), (3, 2, 'charge', -10)",
    )
    values = {"boolean": "true", "integer": "1"}
    value = values.get(refunded.split()[1], f"'{OLD}'")
    odd.make(f"UPDATE renders SET {refunded.split(maxsplit=1)[0]} = {value} WHERE id = 1")


def settle_everything(odd: Odd) -> None:
    odd.ask("rollback", "--all", "--yes")
    odd.ask("sessions", "refunds", "--yes")
    odd.ask("rollback", "--all", "--yes")


@pytest.mark.parametrize(
    "said",
    [
        "",
        'refunded = "refunded_at"',
        'refunded = { table = "coin_ledger", session = "render_id", where = { kind = "refund" } }',
    ],
)
def test_what_the_app_paid_is_not_paid_again(odd: Odd, said: str) -> None:
    shop(odd)
    odd.map(said)
    settle_everything(odd)
    assert (odd.coins(), odd.ledger()) == (100, 10)
    assert odd.states() == ["failed", "failed"]


@pytest.mark.parametrize("refunded", ["refunded_at timestamp", "is_refunded boolean"])
def test_the_app_sees_what_cronshift_paid(odd: Odd, refunded: str) -> None:
    name = refunded.split(maxsplit=1)[0]
    shop(odd, refunded)
    odd.map(f'refunded = "{name}"')
    odd.sweep()
    seen = "IS NOT NULL" if "_at" in name else "= true"
    assert odd.one(f"SELECT count(*) FROM renders WHERE {name} {seen}") == 2
    assert odd.coins() == 100


def test_a_number_that_may_be_a_flag_or_a_time_is_asked_about(odd: Odd) -> None:
    shop(odd, "paid_back integer")
    odd.map('refunded = "paid_back"')
    assert "times.refunded" in odd.sweep().document["error"]["message"]
    odd.map('refunded = "paid_back"\ntimes = { refunded = "boolean" }')
    settle_everything(odd)
    assert odd.coins() == 100
    assert odd.one("SELECT sum(paid_back) FROM renders") == 2


def test_with_a_record_of_the_app_everything_that_it_owes_is_paid(odd: Odd) -> None:
    shop(odd)
    odd.make("UPDATE renders SET refunded_at = NULL WHERE id = 1")
    odd.map()
    assert odd.ask("sessions", "refunds", "--yes").document["credits"] == 0
    odd.map('refunded = "refunded_at"')
    rolled_back = odd.ask("rollback", "--all", "--yes")
    assert "Nothing to do" not in rolled_back.text
    assert rolled_back.document["sessions"]["refunds"]["credits"] == 0  # an older debt
    assert odd.ask("sessions", "refunds", "--yes").document["credits"] == 10
    assert odd.coins() == 110  # 90, the orphan's 10, and the 10 that nobody had paid


def test_a_rollback_pays_sessions_of_the_flow_that_failed_unpaid(odd: Odd) -> None:
    shop(odd)
    odd.map()
    odd.sweep()  # makes the tables
    odd.make(
        f"INSERT INTO renders VALUES (3, 1, 'failed', '{OLD}', 'the flow', 10, NULL)",
        "INSERT INTO cronshift_outbox (session_id, user_id, attempt, source)"
        " SELECT '3', '1', 0, source FROM cronshift_refunds",
    )
    rolled_back = odd.ask("rollback", "--all", "--yes").document["sessions"]
    assert rolled_back["refunds"]["credits"] == 10
    assert odd.coins() == 110


BEFORE = (
    (
        "CREATE TABLE cronshift_refunds (session_id integer PRIMARY KEY, user_id integer NOT NULL,"
        " amount bigint NOT NULL, refunded_at bigint NOT NULL, reason varchar(200) NOT NULL)"
    ),
    (
        "CREATE TABLE cronshift_outbox (session_id integer PRIMARY KEY, user_id integer NOT NULL,"
        " attempt integer NOT NULL, sent_at timestamp)"
    ),
    "CREATE TABLE cronshift_session_claims (session_id integer PRIMARY KEY, run_id varchar(64) NOT NULL)",
    "INSERT INTO cronshift_refunds VALUES (3, 1, 10, 1600000000000000000, 'failed')",
    "INSERT INTO cronshift_outbox VALUES (3, 1, 2, '2020-01-01 00:00:00')",
    "INSERT INTO cronshift_session_claims VALUES (3, '01RUN')",
)


def test_refunds_from_before_tables_were_told_apart_still_count(odd: Odd) -> None:
    shop(odd)
    odd.make(*BEFORE, f"INSERT INTO renders VALUES (3, 1, 'failed', '{OLD}', NULL, 10, NULL)")
    odd.map()
    since = ("sessions", "refunds", "--since", "2019-01-01")
    looked = odd.ask(*since, "--dry-run").document
    assert looked["found"] == 1  # the one of the app's; number 3 was paid
    listed = odd.ask("sessions", "status").document
    assert (listed["refunds"], listed["credits_refunded"]) == (1, 10)
    assert odd.sweep().document["credits"] == 10
    assert odd.one("SELECT source FROM cronshift_refunds WHERE session_id = '3'") == ""
    assert odd.one("SELECT attempt FROM cronshift_outbox WHERE session_id = '3'") == 2
    assert odd.one("SELECT run_id FROM cronshift_session_claims") == "01RUN"
    assert odd.ask(*since, "--dry-run").document["found"] == 1
    assert odd.one("SELECT version_num FROM cronshift_version") == "0002"
    assert not [name for name in odd.tables() if name.endswith("_before")]


def test_the_tables_are_made_once_and_left_alone(odd: Odd) -> None:
    shop(odd)
    odd.map()
    odd.sweep()
    before = odd.one("SELECT count(*) FROM cronshift_refunds")
    odd.make("DROP TABLE cronshift_version")  # as where the migration was run by hand
    assert odd.sweep().code == 0
    assert odd.one("SELECT count(*) FROM cronshift_refunds") == before


STATES = ["queued", "drawing", "waiting"]
TIMES = ["both", "no start", "no creation", "none"]


@pytest.mark.parametrize(("state", "times"), list(itertools.product(STATES, TIMES)))
def test_every_state_that_money_hangs_on_has_an_end(odd: Odd, state: str, times: str) -> None:
    odd.make(
        USERS,
        "CREATE TABLE renders (id integer PRIMARY KEY, owner_id integer, state text, made_at timestamp,"
        " begun_at timestamp, ended_at timestamp, why text, price integer)",
        "INSERT INTO owners VALUES (1, 0)",
    )
    made = "NULL" if times in {"no creation", "none"} else f"'{OLD}'"
    begun = "NULL" if times in {"no start", "none"} else f"'{OLD}'"
    odd.make(
        "INSERT INTO renders (id, owner_id, state, made_at, begun_at, price)"
        f" VALUES (1, 1, '{state}', {made}, {begun}, 10)"
    )
    odd.map('legacy = "waiting"\nstarted = "begun_at"\ncompleted = "ended_at"')
    sweeps = [odd.sweep(), odd.ask("sessions", "recover", "--yes")]
    ends = odd.states() == ["failed"]
    assert ends or any(sweep.reasons == {"1": "its time cannot be read"} for sweep in sweeps)
    assert odd.coins() == (10 if ends else 0)
    assert (odd.one("SELECT ended_at FROM renders") is not None) == ends
    is_told_by = begun if state != "queued" and begun != "NULL" else made
    assert ends == (is_told_by != "NULL")


def test_a_state_that_the_mapping_does_not_name_is_told(odd: Odd) -> None:
    shop(odd)
    odd.make(f"INSERT INTO renders VALUES (3, 1, 'paused', '{OLD}', NULL, 10, NULL)")
    odd.map()
    assert odd.ask("sessions", "status").document["unmapped"] == ["paused"]


@pytest.mark.parametrize("label", ["queued", "done", "failed"])
def test_a_label_with_two_meanings_is_refused(odd: Odd, label: str) -> None:
    shop(odd)
    odd.map(processing=f'["drawing", "{label}"]')
    assert odd.sweep().document["error"]["reason"] == "mapping-mismatch"

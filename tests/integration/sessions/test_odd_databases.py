"""Recorded is paid, amounts are exact, one bad row stops nobody: on databases as apps really have them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.sessions.odd import OLD, USERS, Odd

if TYPE_CHECKING:
    from collections.abc import Callable

POSTGRESQL = pytest.mark.parametrize("odd", ["postgresql"], indirect=True)
SQLITE = pytest.mark.parametrize("odd", ["sqlite"], indirect=True)


def good(odd: Odd, count: int = 3, owner: int = 1) -> None:
    """Give a user with 0 coins orphans of 10 each, with ids from 1 on."""
    odd.make(f"INSERT INTO owners (id, coins) VALUES ({owner}, 0)")
    for number in range(1, count + 1):
        odd.make(
            "INSERT INTO renders (id, owner_id, state, made_at, price)"
            f" VALUES ({number}, {owner}, 'queued', '{OLD}', 10)"
        )


def queue(odd: Odd, session: int, owner: Any = 1, price: Any = 10) -> None:
    """Add one more orphan."""
    odd.make(
        "INSERT INTO renders (id, owner_id, state, made_at, price)"
        f" VALUES ({session}, {owner}, 'queued', '{OLD}', {price})"
    )


def test_a_session_whose_user_is_gone_is_listed_and_not_counted(odd: Odd) -> None:
    odd.renders()
    odd.map()
    good(odd)
    queue(odd, 4, owner=99)
    queue(odd, 5, owner="NULL")
    told = odd.sweep()
    assert told.code == 1
    assert (told.document["settled"], told.document["credits"]) == (3, 30)
    assert told.reasons == {"4": "its user has no account", "5": "it has no user"}
    assert (odd.coins(), odd.ledger()) == (30, 30)
    assert odd.states() == ["failed"] * 3 + ["queued"] * 2
    again = odd.sweep()
    assert (again.code, again.document["settled"], again.reasons) == (1, 0, told.reasons)


@pytest.mark.parametrize(
    "swallowing",
    [
        pytest.param("RETURN NULL", id="the row is skipped"),
        pytest.param("NEW.coins := OLD.coins; RETURN NEW", id="the balance is kept"),
        pytest.param("NEW.coins := NEW.coins + 1; RETURN NEW", id="more is given"),
    ],
)
@POSTGRESQL
def test_a_trigger_that_swallows_the_credits_leaves_no_refund(odd: Odd, swallowing: str) -> None:
    odd.renders()
    odd.map()
    good(odd)
    odd.make(
        "INSERT INTO owners VALUES (2, 7)",
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF OLD.id = 2 THEN {swallowing}; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER keep BEFORE UPDATE ON owners FOR EACH ROW EXECUTE FUNCTION keep()",
    )
    for number in range(4, 9):
        queue(odd, number, owner=2)
    told = odd.sweep()
    assert (told.code, told.document["settled"]) == (1, 3)
    assert set(told.reasons.values()) == {"its user's credits do not move"}
    assert (odd.coins(1), odd.coins(2), odd.ledger()) == (30, 7, 30)


@POSTGRESQL
def test_a_trigger_that_puts_the_credits_back_leaves_no_refund(odd: Odd) -> None:
    odd.renders()
    odd.map()
    good(odd)
    odd.make(
        "CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.coins <> OLD.coins AND pg_trigger_depth() = 1 THEN"
        " UPDATE owners SET coins = OLD.coins WHERE id = NEW.id; END IF; RETURN NULL; END $$",
        "CREATE TRIGGER back AFTER UPDATE ON owners FOR EACH ROW EXECUTE FUNCTION back()",
    )
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (1, 0, 0, 0)


@SQLITE
@pytest.mark.parametrize(
    "swallowing",
    [
        "BEFORE UPDATE ON owners WHEN old.id = 2 BEGIN SELECT RAISE(IGNORE); END",
        "AFTER UPDATE ON owners WHEN old.id = 2 BEGIN UPDATE owners SET coins = 7 WHERE id = 2; END",
        "BEFORE UPDATE ON owners WHEN old.id = 2 BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
)
def test_a_trigger_of_sqlite_that_swallows_the_credits_leaves_no_refund(
    odd: Odd, swallowing: str
) -> None:
    odd.renders()
    odd.map()
    good(odd)
    odd.make("INSERT INTO owners VALUES (2, 7)", f"CREATE TRIGGER keep {swallowing}")
    for number in range(4, 9):
        queue(odd, number, owner=2)
    told = odd.sweep()
    assert (told.code, told.document["settled"], len(told.reasons)) == (1, 3, 5)
    assert (odd.coins(1), odd.coins(2), odd.ledger()) == (30, 7, 30)


@POSTGRESQL
@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("FOR ALL USING (id = 1)", "its user has no account"),
        ("FOR UPDATE USING (id = 1)", "its user's credits do not move"),
        (
            "FOR UPDATE USING (true) WITH CHECK (id = 1)",
            "the database refuses the change: InsufficientPrivilege",
        ),
    ],
)
def test_row_level_security_leaves_no_refund(odd: Odd, policy: str, reason: str) -> None:
    odd.renders()
    odd.map()
    good(odd)
    odd.make(
        "INSERT INTO owners VALUES (2, 7)",
        "ALTER TABLE owners ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY own ON owners {policy}",
        "CREATE POLICY reading ON owners FOR SELECT USING (true)"
        if "FOR UPDATE" in policy
        else "SELECT 1",
    )
    for number in range(4, 9):
        queue(odd, number, owner=2)
    odd.become("clerk")
    told = odd.sweep()
    assert (told.code, told.document["settled"], set(told.reasons.values())) == (1, 3, {reason})
    assert (odd.coins(1), odd.coins(2), odd.ledger()) == (30, 7, 30)


@POSTGRESQL
def test_a_view_that_only_pretends_leaves_no_refund(odd: Odd) -> None:
    odd.renders()
    odd.map()
    good(odd)
    odd.make(
        "ALTER TABLE owners RENAME TO people",
        "CREATE VIEW owners AS SELECT * FROM people",
        "CREATE FUNCTION nod() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "CREATE TRIGGER nod INSTEAD OF UPDATE ON owners FOR EACH ROW EXECUTE FUNCTION nod()",
    )
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (1, 0, 0, 0)
    assert set(told.reasons.values()) == {"its user's credits do not move"}


@POSTGRESQL
def test_a_view_that_is_the_table_pays(odd: Odd) -> None:
    odd.renders()
    odd.map()
    good(odd)
    odd.make("ALTER TABLE owners RENAME TO people", "CREATE VIEW owners AS SELECT * FROM people")
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (0, 3, 30, 30)


@pytest.mark.parametrize(
    ("users", "said"),
    [
        ("CREATE TABLE owners (id integer, coins integer)", "owners.id is no key"),
        (
            "CREATE TABLE owners (team integer, id integer, coins integer, PRIMARY KEY (team, id))",
            "owners.id is no key",
        ),
    ],
)
def test_credits_without_a_key_are_refused(odd: Odd, users: str, said: str) -> None:
    odd.renders()
    odd.map()
    odd.make("DROP TABLE owners", users)
    told = odd.sweep()
    assert (told.code, told.document["error"]["reason"]) == (2, "mapping-mismatch")
    assert said in told.document["error"]["message"]


def test_sessions_whose_ids_are_not_unique_are_refused(odd: Odd) -> None:
    odd.renders()
    odd.map()
    odd.make(
        "DROP TABLE renders",
        "CREATE TABLE renders (id integer, owner_id integer, state text, made_at timestamp,"
        " why text, price integer)",
    )
    assert "renders.id is no key" in odd.sweep().document["error"]["message"]


def test_a_view_with_an_id_twice_is_refused(odd: Odd) -> None:
    odd.renders()
    odd.map()
    good(odd)
    odd.make(
        "ALTER TABLE renders RENAME TO drawings",
        "CREATE VIEW renders AS SELECT * FROM drawings UNION ALL SELECT * FROM drawings",
    )
    assert "renders.id is not unique" in odd.sweep().document["error"]["message"]


@pytest.mark.parametrize("kind", ["numeric(10,2)", "real", "text", "double precision"])
def test_a_cost_that_the_balance_cannot_hold_is_refused_by_name(odd: Odd, kind: str) -> None:
    odd.renders(price=kind)
    odd.map()
    good(odd)
    told = odd.sweep()
    assert told.document["error"]["reason"] == "mapping-mismatch"
    assert "price" in told.document["error"]["message"]
    assert odd.states() == ["queued"] * 3


@pytest.mark.parametrize("kind", ["real", "text", "double precision"])
def test_a_balance_that_is_not_exact_is_refused_by_name(odd: Odd, kind: str) -> None:
    odd.renders()
    odd.map()
    odd.make("DROP TABLE owners", f"CREATE TABLE owners (id integer PRIMARY KEY, coins {kind})")
    assert "coins" in odd.sweep().document["error"]["message"]


@POSTGRESQL
def test_fractions_are_paid_exactly_where_the_balance_has_them(odd: Odd) -> None:
    odd.renders(price="numeric(10,2)")
    odd.map()
    odd.make(
        "ALTER TABLE owners ALTER coins TYPE numeric(12,2)", "INSERT INTO owners VALUES (1, 0.10)"
    )
    for number, price in enumerate(["1.50", "0.40", "0.10"], 1):
        queue(odd, number, price=price)
    told = odd.sweep()
    assert (told.code, told.document["credits"]) == (0, 2)
    assert (odd.coins(), odd.ledger()) == (Decimal("2.10"), Decimal("2.00"))
    amounts = odd.one("SELECT array_agg(amount ORDER BY session_id) FROM cronshift_refunds")
    assert amounts == [Decimal("1.50"), Decimal("0.40"), Decimal("0.10")]


@POSTGRESQL
def test_a_cost_that_is_no_number_is_listed(odd: Odd) -> None:
    odd.renders(price="numeric")
    odd.map()
    odd.make("ALTER TABLE owners ALTER coins TYPE numeric")
    good(odd)
    for number, price in enumerate(["'NaN'", "NULL", "-5", "'Infinity'"], 4):
        queue(odd, number, price=price)
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (1, 3, 30, 30)
    assert set(told.reasons.values()) == {"its cost cannot be read from price"}
    assert len(told.reasons) == 4


@SQLITE
def test_a_cost_of_another_kind_in_sqlite_is_listed(odd: Odd) -> None:
    odd.renders()
    odd.map()
    good(odd)
    for number, price in enumerate(["1.5", "NULL", "-5", "'ten'", "9223372036854775807"], 4):
        queue(odd, number, price=price)
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (1, 3, 30, 30)
    assert len(told.reasons) == 5


@POSTGRESQL
def test_amounts_beyond_the_balance_are_listed_and_the_rest_is_paid(odd: Odd) -> None:
    odd.renders(price="bigint")
    odd.map()
    good(odd, 50)
    queue(odd, 51, price=5_000_000_000)
    odd.make("INSERT INTO owners VALUES (2, 2147483640)")
    queue(odd, 52, owner=2)
    queue(odd, 53, owner=2, price=3)
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (1, 51, 500, 503)
    assert set(told.reasons.values()) == {"the database refuses the change: NumericValueOutOfRange"}
    assert set(told.reasons) == {"51", "52"}


def test_a_check_that_would_be_violated_stops_only_its_row(odd: Odd) -> None:
    odd.renders()
    odd.map()
    odd.make(
        "DROP TABLE owners",
        "CREATE TABLE owners (id integer PRIMARY KEY,"
        " coins integer CONSTRAINT not_too_rich CHECK (coins <= 1000))",
    )
    good(odd, 40)
    odd.make("INSERT INTO owners VALUES (2, 995)", "INSERT INTO owners VALUES (3, NULL)")
    queue(odd, 41, owner=2)
    queue(odd, 42, owner=3)
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (1, 40, 400, 400)
    assert told.reasons["42"] == "its user's balance is empty"
    assert "refuses the change" in told.reasons["41"]
    assert "UPDATE" not in told.text


@pytest.mark.parametrize("odd", ["sqlite"], indirect=True)
def test_a_list_that_cannot_be_read_stops_only_its_row(odd: Odd) -> None:
    odd.renders(price="text")
    odd.map(cost='{ array_length = "price" }')
    odd.make("INSERT INTO owners VALUES (1, 0)")
    for number, price in enumerate(['\'["a", "b"]\'', "'[1'", "'{}'", "'5'", "NULL"], 1):
        queue(odd, number, price=price)
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (1, 1, 2, 2)
    assert set(told.reasons) == {"2", "3", "4", "5"}


@pytest.mark.parametrize("kind", ["json", "jsonb"])
@POSTGRESQL
def test_json_that_is_no_list_stops_only_its_row(odd: Odd, kind: str) -> None:
    odd.renders(price=kind)
    odd.map(cost='{ array_length = "price" }')
    odd.make("INSERT INTO owners VALUES (1, 0)")
    for number, price in enumerate(['\'["a", "b"]\'', "'{}'", "'5'", "'null'", "NULL"], 1):
        queue(odd, number, price=price)
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (1, 1, 2, 2)
    assert set(told.reasons) == {"2", "3", "4", "5"}


def test_a_session_that_the_database_keeps_is_listed(odd: Odd) -> None:
    odd.renders()
    odd.map()
    good(odd, 20)
    if odd.is_postgresql:
        odd.make(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF OLD.id = 7 THEN RETURN NULL; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER keep BEFORE UPDATE ON renders FOR EACH ROW EXECUTE FUNCTION keep()",
        )
    else:
        odd.make(
            "CREATE TRIGGER keep BEFORE UPDATE ON renders WHEN old.id = 7"
            " BEGIN SELECT RAISE(IGNORE); END"
        )
    told = odd.sweep()
    assert (told.code, told.document["settled"], odd.coins(), odd.ledger()) == (1, 19, 190, 190)
    assert told.reasons == {"7": "the database keeps it as it is"}


@POSTGRESQL
def test_tables_in_a_schema_of_their_own_are_found_by_its_name(odd: Odd) -> None:
    odd.make(
        "CREATE SCHEMA art",
        USERS.replace("owners", "art.owners"),
        "CREATE TABLE art.renders (id integer PRIMARY KEY, owner_id integer, state text,"
        " made_at timestamp, why text, price integer)",
        "INSERT INTO art.owners VALUES (1, 0)",
        f"INSERT INTO art.renders VALUES (1, 1, 'queued', '{OLD}', NULL, 10)",
    )
    odd.map()
    assert "there is no table 'renders'" in odd.sweep().document["error"]["message"]
    odd.map('schema = "art"')
    assert (odd.sweep().document["credits"], odd.sweep().document["credits"]) == (10, 0)
    assert odd.one("SELECT coins FROM art.owners") == 10
    assert odd.one("SELECT sum(amount) FROM art.cronshift_refunds") == 10


def test_two_apps_in_one_database_are_both_paid(odd: Odd, other: Callable[[Odd, str], Odd]) -> None:
    odd.renders()
    odd.map()
    good(odd)
    films = other(odd, "films")
    odd.make(
        "CREATE TABLE films (id integer PRIMARY KEY, owner_id integer, state text, made_at timestamp,"
        " why text, price integer)",
        "INSERT INTO films SELECT id, owner_id, state, made_at, why, 3 FROM renders",
    )
    films.map(table='"films"')
    assert odd.sweep().document["credits"] == 30
    assert films.sweep().document["credits"] == 9
    assert (odd.coins(), odd.ledger()) == (39, 39)
    assert odd.one("SELECT count(*) FROM films WHERE state = 'failed'") == 3
    for app in (odd, films):
        assert app.sweep().document["credits"] == 0
        assert (
            app.ask("sessions", "refunds", "--since", "2019-01-01", "--yes").document["credits"]
            == 0
        )


@pytest.mark.parametrize("words", [("orphans",), ("refunds", "--dry-run"), ("recover", "--dry-run"), ("status",), ("refunds", "--audit", "paid.csv", "--dry-run")])  # fmt: skip
def test_looking_makes_no_table_and_needs_no_right_to_write(
    odd: Odd, words: tuple[str, ...]
) -> None:
    odd.renders()
    odd.map()
    good(odd)
    before = odd.tables()
    assert odd.ask("sessions", *words).code == 0
    assert odd.ask("rollback", "--all", "--dry-run").code == 0
    assert odd.tables() == before
    odd.only_reads()
    assert odd.ask("sessions", *words).code == 0
    assert odd.ask("rollback", "--all", "--dry-run").code == 0
    assert odd.ask("sessions", "orphans").document["found"] == 3


def test_paying_without_the_right_is_one_sentence(odd: Odd) -> None:
    odd.renders()
    odd.map()
    good(odd)
    odd.only_reads()
    told = odd.sweep()
    assert told.code == 2
    assert "INSERT" not in told.text
    assert odd.states() == ["queued"] * 3

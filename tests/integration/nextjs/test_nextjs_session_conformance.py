"""The flow's contract, as tests/data/session-flow.json has it, held by the generated TypeScript."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine
from tests.integration.nextjs.session_app import a_database, plain, scaffolded, script
from tests.integration.sessions.conftest import EXAMPLE, TOML, App
from tests.integration.sessions.test_conformance import CASES

from cronshift.project.settings import parse_settings
from cronshift.sessions.scripts import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, node_packages: Path, postgresql_url: str
) -> Iterator[tuple[App, list[dict[str, Any]]]]:
    """Carry out all cases in one process; every case has a user of its own."""
    root = scaffolded(tmp_path_factory.mktemp("contract"), node_packages)
    schema = (EXAMPLE / "schema.postgresql.sql").read_text()
    tables = (root / "migrations/session_tables.sql").read_text()
    settings = parse_settings(TOML).sessions
    assert settings is not None
    with (
        a_database(postgresql_url, schema, tables) as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DATABASE_URL", plain(url))
        database, engine = open_database(settings), create_engine(url)
        app = App(engine, database, settings, url)
        cases = [{**case, "user": app.user(10, 0)} for case in CASES]
        (root / "cases.json").write_text(json.dumps(cases))
        source = (node_packages / "session-flow.ts").read_text()
        told = script(root, node_packages, source, "cases.json", DATABASE_URL=plain(url))
        yield app, [case | outcome for case, outcome in zip(cases, told, strict=True)]
        database.close()
        engine.dispose()


@pytest.mark.parametrize("place", range(len(CASES)), ids=[case["name"] for case in CASES])
def test_the_typescript_flow_keeps_the_contract(
    outcomes: tuple[App, list[dict[str, Any]]], place: int
) -> None:
    app, told = outcomes
    outcome = told[place]
    assert outcome["gave"] == [step.get("gives") for step in outcome["steps"]]
    session, user = outcome["session"], outcome["user"]
    state = app.state(session)[0] if session else None
    credits_left = app.one("SELECT credits FROM users WHERE id = :id", id=user)
    refunds = app.one(
        "SELECT array_agg(amount) FROM cronshift_refunds WHERE user_id = :id", id=user
    )
    assert [state, credits_left, [int(amount) for amount in refunds or ()]] == outcome["ends"]

"""A users/sessions/predictions schema on PostgreSQL and SQLite, as the example app has it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text
from tests.integration.sessions.odd import Odd

from cronshift.project.settings import parse_settings
from cronshift.sessions.scripts import Database, open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cronshift.sessions.settings import SessionSettings

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD = NOW - timedelta(hours=1)

EXAMPLE = Path(__file__).parents[3] / "examples/sessions"
TOML = (EXAMPLE / "cronshift.toml").read_text()


@dataclass
class App:
    """The user's database, and what a test does in it."""

    engine: Engine
    database: Database
    settings: SessionSettings
    url: str

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def user(self, credits_left: int = 10, spent: int = 5) -> str:
        user = str(uuid4())
        self.do(
            "INSERT INTO users (id, name, credits, total_credits_spent) VALUES (:id, 'ada', :left, :spent)",
            id=user,
            left=credits_left,
            spent=spent,
        )
        return user

    def session(
        self,
        user: str,
        status: str = "queued",
        models: int = 3,
        delivered: int = 0,
        created: datetime = OLD,
        started: datetime | None = None,
    ) -> str:
        session = str(uuid4())
        names = [f"model-{number}" for number in range(models)]
        kind = "CAST(:status AS session_status)" if self.is_postgresql else ":status"
        self.do(
            "INSERT INTO prediction_sessions (id, user_id, status, selected_models, created_at, started_at)"
            f" VALUES (:id, :user, {kind}, :models, :created, :started)",
            id=session,
            user=user,
            status=status,
            models=names if self.is_postgresql else json.dumps(names),
            created=self.stored(created),
            started=self.stored(started) if started else None,
        )
        for name in names[:delivered]:
            self.do(
                "INSERT INTO predictions (session_id, model) VALUES (:s, :m)", s=session, m=name
            )
        return session

    def stored(self, instant: datetime) -> Any:
        return instant if self.is_postgresql else instant.strftime("%Y-%m-%d %H:%M:%S.%f")

    def do(self, sql: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(sql), values)

    def one(self, sql: str, **values: Any) -> Any:
        with self.engine.connect() as connection:
            row = connection.execute(text(sql), values).one()
        return row[0] if len(row) == 1 else tuple(row)

    def account(self, user: str) -> tuple[int, int]:
        told = self.one("SELECT credits, total_credits_spent FROM users WHERE id = :id", id=user)
        return int(told[0]), int(told[1])

    def state(self, session: str) -> tuple[str, str | None]:
        told = self.one("SELECT status, error FROM prediction_sessions WHERE id = :id", id=session)
        return str(told[0]), told[1]


def new_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """Make an empty database of a kind, and return its address."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'app.db'}"
    given = os.environ.get("CRONSHIFT_TEST_POSTGRES_URL")
    server = given or str(request.getfixturevalue("postgresql_url"))
    name = f"app_{uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return create_engine(server).url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def odd(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Odd]:
    """Give an empty database, and a folder to ask about it from."""
    url = new_database(request, request.param, tmp_path)
    engine = create_engine(url)
    yield Odd(tmp_path / "project", url, engine, monkeypatch, capsys)
    engine.dispose()


@pytest.fixture
def other() -> Callable[[Odd, str], Odd]:
    """Give another app's folder beside the same database."""
    return lambda odd, name: replace(odd, root=odd.root.with_name(name))


@pytest.fixture
def settings() -> SessionSettings:
    settings = parse_settings(TOML).sessions
    assert settings is not None
    return settings


@pytest.fixture(params=["sqlite", "postgresql"])
def app(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: SessionSettings,
) -> Iterator[App]:
    """Make the schema anew, in a database of its own."""
    url = new_database(request, request.param, tmp_path)
    schema = EXAMPLE / f"schema.{request.param}.sql"
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in schema.read_text().strip().split(";"):
            if statement.strip():
                connection.execute(text(statement))
    monkeypatch.setenv("DATABASE_URL", url)
    database = open_database(settings)
    yield App(engine, database, settings, url)
    database.engine.dispose()
    engine.dispose()

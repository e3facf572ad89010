"""The app's side of the flow: written, compiled, migrated, loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from inline_snapshot import snapshot
from sqlalchemy import create_engine, inspect, text
from tests.programs import HERE as PROGRAMS

from cronshift.errors import ConfigError
from cronshift.operations import apply
from cronshift.project.settings import parse_settings
from cronshift.targets.python.session_scaffold import TYPES_FILE
from cronshift.targets.scaffold import prepare_scaffold

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.sessions.conftest import App

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PRISMA = """\
enum SessionStatus {
  initializing
  error

  @@map("session_status")
}
"""


def test_it_writes_settings_a_processor_and_a_migration_once(tmp_path: Path) -> None:
    (tmp_path / "cronshift.toml").write_text('# mine\n[project]\napp_id = "x"\n')
    apply(tmp_path, prepare_scaffold(tmp_path, NOW, flow="prediction-session"))
    settings = (tmp_path / "cronshift.toml").read_text()
    assert settings.startswith('# mine\n[project]\napp_id = "x"\n')
    assert parse_settings(settings).sessions is not None
    assert (
        "ADD VALUE IF NOT EXISTS 'queued'"
        in (tmp_path / "migrations/queued_status.sql").read_text()
    )
    (tmp_path / "session_flow.py").write_text("# mine now\n")
    assert prepare_scaffold(tmp_path, NOW).changes == ()


@pytest.mark.parametrize(
    ("folder", "file"),
    [
        ("prisma/migrations", "20261124120000_queued_status/migration.sql"),
        ("supabase/migrations", "20261124120000_queued_status.sql"),
    ],
)
def test_the_label_joins_the_migrations_that_the_project_has(
    tmp_path: Path, folder: str, file: str
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    apply(tmp_path, prepare_scaffold(tmp_path, NOW))
    assert "ADD VALUE IF NOT EXISTS 'queued'" in (tmp_path / folder / file).read_text()
    assert not (tmp_path / "migrations").exists()
    assert prepare_scaffold(tmp_path, NOW).changes == ()


def test_a_prisma_schema_gets_the_label(tmp_path: Path) -> None:
    (tmp_path / "schema.prisma").write_text(PRISMA)
    apply(tmp_path, prepare_scaffold(tmp_path, NOW, enum="SessionStatus"))
    schema = (tmp_path / "schema.prisma").read_text()
    assert schema == PRISMA.replace("  error\n", "  error\n  queued\n")
    migration = (tmp_path / "migrations/queued_status.sql").read_text()
    assert """ALTER TYPE "session_status" ADD VALUE""" in migration
    assert prepare_scaffold(tmp_path, NOW, enum="SessionStatus").changes == ()


@pytest.mark.parametrize(
    "names", [{"enum": 'x"; DROP TABLE users; --'}, {"label": "a'b"}, {"flow": "A B"}]
)
def test_a_name_can_never_become_sql_or_code(tmp_path: Path, names: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        prepare_scaffold(tmp_path, NOW, **names)
    assert list(tmp_path.iterdir()) == []


def test_the_migration_runs_on_a_real_server_twice(tmp_path: Path, postgresql_url: str) -> None:
    kind = f"status_{uuid4().hex[:8]}"
    apply(tmp_path, prepare_scaffold(tmp_path, NOW, enum=kind, label="waiting"))
    script = (tmp_path / "migrations/queued_status.sql").read_text()
    engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE TYPE {kind} AS ENUM ('error')"))
        for _ in range(2):
            connection.execute(text(script))
        labels = connection.execute(text(f"SELECT enum_range(NULL::{kind})::text")).scalar()
    engine.dispose()
    assert labels == "{error,waiting}"


def test_what_is_written_loads_beside_the_real_tables(tmp_path: Path, app: App) -> None:
    from tests.integration.sessions.conftest import TOML

    (tmp_path / "cronshift.toml").write_text(TOML)
    apply(tmp_path, prepare_scaffold(tmp_path, NOW, flow="prediction-session"))
    said = subprocess.run(
        [sys.executable, PROGRAMS / "list_session_functions.py"],
        cwd=tmp_path,
        env=os.environ | {"DATABASE_URL": app.url, "INNGEST_DEV": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == [
        "app-prediction-session",
        "app-prediction-session-cancelled",
        "app-prediction-session-recovery",
    ]
    assert (
        "cronshift_outbox" not in inspect(app.engine).get_table_names()
    )  # nothing was asked for yet


@pytest.mark.node
def test_a_typescript_app_gets_types_that_are_the_schemas(
    tmp_path: Path, node_packages: Path
) -> None:
    plain = prepare_scaffold(tmp_path, NOW).changes
    assert TYPES_FILE not in {image.path for change in plain for image in change.images}
    (tmp_path / "tsconfig.json").write_text('{"compilerOptions": {"strict": true, "noEmit": true}}')
    apply(tmp_path, prepare_scaffold(tmp_path, NOW))
    assert (tmp_path / TYPES_FILE).read_text() == snapshot("""\
/** A user asked for a session. Names the session and its user; nothing about either stands in the event. */
export type SessionRequested = {
  session_id: string;
  user_id: string;
  attempt?: number;
};
""")
    use = (
        'import type { SessionRequested } from "./session_events";\n'
        'export const good: SessionRequested = { session_id: "a", user_id: "b", attempt: 1 };\n'
        "// @ts-expect-error - both ids are asked for\n"
        'export const bad: SessionRequested = { session_id: "a" };\n'
        "// @ts-expect-error - and nothing else is let through\n"
        'export const more: SessionRequested = { session_id: "a", user_id: "b", email: "c" };\n'
    )
    (tmp_path / "use.ts").write_text(use)
    tsc = node_packages / "node_modules/.bin/tsc"
    done = subprocess.run([tsc, "-p", tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")

"""The flow in the app's own house: its schema tells the mapping, its tool runs the migrations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from inline_snapshot import snapshot
from sqlalchemy import create_engine, text
from tests.integration.sessions.house_apps import (
    ALEMBIC_APP,
    DRIZZLE_APP,
    MODELS,
    PRISMA_APP,
    PRISMA_SCHEMA,
    PRISMA_SQL,
    tree,
    write,
)

from cronshift import operations
from cronshift.errors import ConfigError
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.settings import parse_settings
from cronshift.sessions.scripts import open_database
from cronshift.sessions.tables import own_tables
from cronshift.targets.registry import target_named
from cronshift.targets.scaffold import UnclearMappingError, prepare_scaffold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def database(postgresql_url: str) -> Iterator[str]:
    """Make an empty database; its address."""
    name = f"house_{uuid4().hex[:12]}"
    admin = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    yield url
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def run(url: str, *scripts: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for script in scripts:
            connection.connection.cursor().execute(script)
    engine.dispose()


def test_a_prisma_schema_tells_the_mapping_with_its_evidence(tmp_path: Path) -> None:
    root = write(tmp_path, PRISMA_APP)
    before = tree(root)
    operation = prepare_scaffold(root, NOW)
    operations.apply(root, operation)
    assert (root / "cronshift.toml").read_text() == snapshot("""\
# The QUEUED flow: names of your tables, columns and labels. docs: sessions.md
[sessions]
database_url_env = "STUDIO_DATABASE_URL"  # the schema's configuration
table = "renders"                     # prisma/schema.prisma:39
id = "id"                             # prisma/schema.prisma:40
user = "owner_id"                     # prisma/schema.prisma:41
status = "status"                     # prisma/schema.prisma:43
created = "created_at"                # prisma/schema.prisma:47
started = "started_at"                # prisma/schema.prisma:48
completed = "finished_at"             # prisma/schema.prisma:49
updated = "updated_at"                # prisma/schema.prisma:50
refunded = { table = "entries", session = "render_id", where = { kind = "REFUND" } }  # prisma/schema.prisma:65
error = "fail_reason"                 # prisma/schema.prisma:46
times = "utc"                         # Prisma writes every DateTime in UTC
queued = "QUEUED"                     # a new label of status
processing = ["RENDERING"]            # prisma/schema.prisma:12
finished = "DONE"                     # prisma/schema.prisma:12
failed = "FAILED"                     # prisma/schema.prisma:12
legacy = "PENDING"                    # prisma/schema.prisma:12
cost = { column = "credits_used" }    # prisma/schema.prisma:44

[sessions.credits]
table = "users"                       # prisma/schema.prisma:21
id = "id"                             # prisma/schema.prisma:22
balance = "credits"                   # prisma/schema.prisma:24
""")
    schema = (root / "prisma/schema.prisma").read_text()
    assert schema.startswith(PRISMA_SCHEMA.replace("  FAILED\n\n", "  FAILED\n  QUEUED\n\n"))
    assert '@@map("cronshift_outbox")' in schema
    assert prepare_scaffold(root, NOW).changes == ()
    operations.revert(root, operations.read_operation(root, operation.id))
    assert tree(root) == before


def test_prismas_migrations_run_and_fit_the_mapping(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path, PRISMA_APP)
    operations.apply(root, prepare_scaffold(root, NOW))
    new = sorted(file.parent.name for file in root.glob("prisma/migrations/2026112*/migration.sql"))
    assert new == ["20261124120000_queued_status", "20261124120001_session_tables"]
    scripts = [(root / f"prisma/migrations/{name}/migration.sql").read_text() for name in new]
    run(database, PRISMA_SQL, *scripts, *scripts)  # a label that is there is no failure
    monkeypatch.setenv("STUDIO_DATABASE_URL", database)
    settings = parse_settings((root / "cronshift.toml").read_text()).sessions
    assert settings is not None
    opened = open_database(settings)
    assert opened.mapped.ours.ready
    opened.close()


def test_a_migration_comes_behind_those_that_are_there(tmp_path: Path) -> None:
    newer = {**PRISMA_APP, "prisma/migrations/20270101000000_later/migration.sql": ""}
    operations.apply(write(tmp_path, newer), prepare_scaffold(tmp_path, NOW))
    names = sorted(file.name for file in (tmp_path / "prisma/migrations").iterdir())
    assert names[-3:-1] == ["20270101000001_queued_status", "20270101000002_session_tables"]


def test_a_drizzle_schema_tells_the_mapping_and_its_journal_goes_on(
    tmp_path: Path, database: str
) -> None:
    root = write(tmp_path, DRIZZLE_APP)
    before = tree(root)
    operation = prepare_scaffold(root, NOW)
    operations.apply(root, operation)
    settings = parse_settings((root / "cronshift.toml").read_text()).sessions
    assert settings is not None
    assert (settings.table, settings.user, settings.queued, settings.legacy, settings.updated) == (
        "songs",
        "user_id",
        "queued",
        "waiting",
        "updated_at",
    )
    assert (settings.cost.kind, settings.cost.value) == ("array_length", "styles")
    assert settings.delivered is not None
    assert (settings.delivered.table, settings.database_url_env) == ("tracks", "SONGS_URL")
    schema = (root / "src/db/schema.ts").read_text()
    assert '  "failed",\n  "queued",\n]);' in schema
    assert schema.endswith('export * from "./cronshift-tables";\n')

    journal = json.loads((root / "drizzle/meta/_journal.json").read_text())
    tags = [entry["tag"] for entry in journal["entries"]]
    assert tags == ["0000_first", "0001_queued_status", "0002_session_tables"]
    times = [entry["when"] for entry in journal["entries"]]
    assert times == sorted(set(times))  # what is not newer than the last is never applied
    snapshots = [
        json.loads((root / f"drizzle/meta/000{number}_snapshot.json").read_text())
        for number in range(3)
    ]
    assert [each["prevId"] for each in snapshots[1:]] == [each["id"] for each in snapshots[:2]]
    assert snapshots[2]["enums"]["public.song_status"]["values"][-1] == "queued"
    assert "public.cronshift_refunds" in snapshots[2]["tables"]
    run(database, "CREATE TYPE song_status AS ENUM ('waiting')")
    for tag in tags[1:]:
        parts = (root / f"drizzle/{tag}.sql").read_text().split("--> statement-breakpoint")
        run(database, *parts)
    engine = create_engine(database)
    assert own_tables(engine, None).ready
    engine.dispose()
    assert prepare_scaffold(root, NOW).changes == ()
    operations.revert(root, operations.read_operation(root, operation.id))
    assert tree(root) == before


def alembic(root: Path, url: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *words],
        cwd=root,
        env=os.environ | {"APP_URL": url, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_alembics_revision_has_its_place_and_the_next_one_finds_no_drift(
    tmp_path: Path, database: str
) -> None:
    root = write(tmp_path, ALEMBIC_APP)
    before = tree(root)
    operation = prepare_scaffold(root, NOW)
    operations.apply(root, operation)
    settings = parse_settings((root / "cronshift.toml").read_text()).sessions
    assert settings is not None
    assert (settings.cost.kind, settings.cost.value) == ("constant", 4)  # billing.py takes 4
    assert (settings.queued, settings.legacy, settings.credits.balance) == (
        "QUEUED",
        "PENDING",
        "credit_balance",
    )
    models = (root / "models.py").read_text()
    assert models == MODELS.replace(
        '    FAILED = "failed"\n', '    FAILED = "failed"\n    QUEUED = "queued"\n'
    )
    alembic(root, database, "upgrade", "head")
    engine = create_engine(database)
    with engine.connect() as connection:
        labels = connection.exec_driver_sql("SELECT enum_range(NULL::job_state)::text").scalar()
    assert labels == "{PENDING,RUNNING,SUCCEEDED,FAILED,QUEUED}"
    assert own_tables(engine, None).ready
    engine.dispose()
    alembic(root, database, "check")  # it fails where autogenerate would write anything
    assert prepare_scaffold(root, NOW).changes == ()
    operations.revert(root, operations.read_operation(root, operation.id))
    assert tree(root) == before


def test_several_heads_are_not_chosen_from(tmp_path: Path) -> None:
    other = ALEMBIC_APP["db/versions/first.py"].replace("aaa111", "bbb222")
    root = write(tmp_path, {**ALEMBIC_APP, "db/versions/second.py": other})
    with pytest.raises(ConfigError) as caught:
        prepare_scaffold(root, NOW)
    assert caught.value.reason == "unclear-migrations"
    assert "aaa111, bbb222" in caught.value.message


def test_supabase_keeps_the_tables_from_its_data_api(tmp_path: Path, database: str) -> None:
    (tmp_path / "supabase/migrations").mkdir(parents=True)
    operations.apply(tmp_path, prepare_scaffold(tmp_path, NOW))
    script = (tmp_path / "supabase/migrations/20261124120001_session_tables.sql").read_text()
    run(database, script, script)
    engine = create_engine(database)
    with engine.connect() as connection:
        locked = "SELECT count(*) FROM pg_class WHERE relname ~ '^cronshift' AND relkind = 'r' AND relrowsecurity"
        assert connection.exec_driver_sql(locked).scalar() == 3
    engine.dispose()


def test_what_cannot_be_told_is_named_with_the_option_that_says_it(tmp_path: Path) -> None:
    schema = PRISMA_SCHEMA.replace("creditsUsed Int          @default(1)", "size Int")
    schema = schema.replace("  DONE\n", "  DONE\n  READY\n").replace("credits_used", "size")
    root = write(tmp_path, {**PRISMA_APP, "prisma/schema.prisma": schema})
    with pytest.raises(UnclearMappingError) as caught:
        prepare_scaffold(root, NOW)
    assert [question.key for question in caught.value.questions] == ["finished", "cost"]
    assert caught.value.hint == snapshot(
        "Say it: cronshift sessions scaffold --map finished=DONE --map cost=CREDITS"
    )
    answers = {"finished": "READY", "cost": "2"}
    operations.apply(root, prepare_scaffold(root, NOW, answers=answers))
    settings = parse_settings((root / "cronshift.toml").read_text()).sessions
    assert settings is not None
    assert (settings.finished, settings.cost.value) == ("READY", 2)


def test_the_live_database_tells_the_same(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(database, PRISMA_SQL)
    monkeypatch.setenv("LIVE_URL", database)
    operations.apply(tmp_path, prepare_scaffold(tmp_path, NOW, from_database="LIVE_URL"))
    live = (tmp_path / "cronshift.toml").read_text()
    assert 'balance = "credits"                   # LIVE_URL: users.credits' in live
    by_code = write(tmp_path / "code", PRISMA_APP)
    operations.apply(by_code, prepare_scaffold(by_code, NOW))
    told: list[Any] = [
        parse_settings((folder / "cronshift.toml").read_text()).sessions
        for folder in (tmp_path, by_code)
    ]
    for name in (
        "table",
        "id",
        "user",
        "status",
        "queued",
        "processing",
        "failed",
        "credits",
        "cost",
    ):
        assert getattr(told[0], name) == getattr(told[1], name)
    assert "postgresql" not in live  # no address


def test_an_app_on_another_database_is_refused(tmp_path: Path) -> None:
    schema = PRISMA_SCHEMA.replace('"postgresql"', '"mysql"')
    root = write(tmp_path, {**PRISMA_APP, "prisma/schema.prisma": schema})
    with pytest.raises(ConfigError) as caught:
        prepare_scaffold(root, NOW)
    assert caught.value.reason == "unsupported-database"


def test_a_label_that_every_row_begins_with_is_asked_about(tmp_path: Path) -> None:
    schema = PRISMA_SCHEMA.replace("PENDING", "QUEUED")
    root = write(tmp_path, {**PRISMA_APP, "prisma/schema.prisma": schema})
    with pytest.raises(UnclearMappingError, match="begins every row as QUEUED"):
        prepare_scaffold(root, NOW)
    operation = prepare_scaffold(root, NOW, answers={"queued": "QUEUED"})
    paths = [image.path for image in operation.images]
    assert not [path for path in paths if "queued_status" in path]  # the label is there


def test_a_label_of_the_settings_never_becomes_code(tmp_path: Path, database: str) -> None:
    told = write(tmp_path / "told", ALEMBIC_APP)
    operations.apply(told, prepare_scaffold(told, NOW))
    settings = (told / "cronshift.toml").read_text()
    odd = 'it\'s"""; raise SystemExit(1) #'
    root = write(tmp_path / "odd", ALEMBIC_APP)
    odd_settings = settings.replace('queued = "QUEUED"', f"queued = {json.dumps(odd)}")
    (root / "cronshift.toml").write_text(odd_settings)
    operations.apply(root, prepare_scaffold(root, NOW))
    assert (root / "models.py").read_text() == MODELS
    alembic(root, database, "upgrade", "head")
    engine = create_engine(database)
    with engine.connect() as connection:
        labels = connection.exec_driver_sql("SELECT unnest(enum_range(NULL::job_state))::text")
        assert odd in labels.scalars().all()
    engine.dispose()


SHOWN = """from models import JobState


def shown(state: JobState) -> str:
    match state:
        case JobState.PENDING | JobState.RUNNING:
            return "soon"
        case JobState.SUCCEEDED | JobState.FAILED:
            return "ended"
"""


def test_python_that_names_every_state_is_offered_the_line_and_validate_misses_it(
    tmp_path: Path,
) -> None:
    root = write(tmp_path, {**ALEMBIC_APP, "shown.py": SHOWN})
    (root / "vercel.json").write_text('{"crons": [{"path": "/api/x", "schedule": "0 5 * * *"}]}')
    operations.apply(root, prepare_scaffold(root, NOW))
    mended = (root / "shown.py").read_text()
    assert "case JobState.PENDING | JobState.QUEUED | JobState.RUNNING:" in mended
    migration = prepare_migration(load_project(root), (), NOW, target="python")
    operations.apply(root, migration.operation)

    def missed() -> list[str]:
        loaded = load_project(root)
        target, plan = target_named("python"), make_plan(loaded)
        _, findings = target.validate(root, plan, compiles=False)
        return [str(each.location) for each in findings if each.code == "CS441"]

    assert missed() == []
    (root / "shown.py").write_text(SHOWN)
    assert missed() == ["shown.py:5"]

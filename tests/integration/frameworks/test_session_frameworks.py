"""The session flow in the app of each framework, through its real adapter on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import create_engine
from tests.integration.inngest_runs import PATIENCE, SERVER
from tests.integration.nextjs.session_app import FLOW, a_database, plain
from tests.integration.sessions.conftest import EXAMPLE, TOML, App

from cronshift import operations
from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import custom_event
from cronshift.engine.server.endpoint import Endpoint
from cronshift.engine.validation.project import validate_package
from cronshift.model import Severity
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.conventions.code import CodeStyle
from cronshift.project.settings import parse_settings
from cronshift.sessions.flow import event_of
from cronshift.sessions.scripts import open_database
from cronshift.targets.scaffold import prepare_scaffold
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.style import laid_out
from cronshift.targets.typescript.untyped import untyped

from .apps import FUNCTIONS, LONG_AGO, Kit, copied, installed, migrated, started, tree
from .conftest import Running
from .sessions import ROUTES, SERVED, with_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cronshift.engine.executor.runs import Run


@pytest.fixture
def database(running: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    if running.kit.name not in SERVED:
        pytest.skip("its app has no sessions")
    settings = parse_settings(TOML).sessions
    assert settings is not None
    monkeypatch.setenv("DATABASE_URL", running.database)
    opened, engine = open_database(settings), create_engine(running.database)
    yield App(engine, opened, settings, running.database)
    opened.engine.dispose()
    engine.dispose()


def processed(app: Running, session: str, user: str) -> Run:
    """Run the flow's function for a session, as its event starts it."""
    asked = event_of(session, user, 0)
    name = json.loads((app.root / "package.json").read_text())["name"]

    async def drive() -> Run:
        async with Endpoint.http(f"{app.url}/api/inngest") as endpoint:
            target = RunTarget(f"{name}-{FLOW}", 3, None)
            return await execute(
                endpoint, target, custom_event(asked["name"], asked["data"], LONG_AGO)
            )

    return asyncio.run(drive())


def test_a_session_is_processed_and_what_was_not_delivered_is_refunded(
    running: Running, database: App
) -> None:
    user = database.user(credits_left=10, spent=2)
    session = database.session(user, models=0)
    database.do(
        "UPDATE prediction_sessions SET selected_models = ARRAY['a', 'gone'] WHERE id = :id",
        id=session,
    )
    run = processed(running, session, user)
    assert run.error is None
    assert run.output == {"delivered": 1, "failed": ["gone"]}
    assert database.state(session)[0] == "finished"
    assert database.account(user) == (11, 1)


def test_the_app_asks_for_a_session_which_is_paid_and_waits(
    running: Running, database: App
) -> None:
    if running.kit.name not in ROUTES:
        pytest.skip("its app asks for none")
    user = database.user(credits_left=10, spent=0)
    path = "/api/sessions" if running.kit.name == "functions" else "/sessions"
    answer = httpx.post(running.url + path, headers={"x-user": user}, timeout=30)
    assert answer.status_code == 200, answer.text
    session = answer.json()["sessionId"]
    assert answer.json()["owner"] == "inngest"
    if SERVER:  # it hears of the session and has it processed
        deadline = time.monotonic() + PATIENCE
        while database.state(session)[0] != "finished" and time.monotonic() < deadline:
            time.sleep(0.5)
    else:
        assert database.account(user) == (8, 2)
        assert database.state(session)[0] == "queued"
        assert processed(running, session, user).error is None
    assert database.state(session)[0] == "finished"
    assert database.account(user) == (9, 1)


def test_the_flow_is_taken_back_byte_for_byte(kit: Kit, app: Path) -> None:
    migrated(app)
    (app / "cronshift.toml").write_text((app / "cronshift.toml").read_text() + f"\n{TOML}")
    before = tree(app)
    done = operations.apply(app, prepare_scaffold(app, LONG_AGO, flow=FLOW))
    plan = make_plan(load_project(app))
    registration, findings = validate_package(app, plan, compiles=False)
    assert registration.count == len(plan.jobs) + 3
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    assert prepare_scaffold(app, LONG_AGO, flow=FLOW).changes == ()
    assert prepare_migration(load_project(app), (), LONG_AGO).operation.changes == ()
    operations.revert(app, operations.read_operation(app, done.id))
    assert tree(app) == before


def body_of(text: str) -> str:
    """Return a source without its first line, its texts between the quotes that most apps have."""
    return text.partition("\n")[2].replace("'", '"')


def test_the_flow_is_the_one_that_nextjs_has(kit: Kit, app: Path, tmp_path: Path) -> None:
    def written(root: Path) -> dict[str, str]:
        images = prepare_scaffold(root, LONG_AGO, flow=FLOW).images
        texts = {image.path: (image.after or b"").decode() for image in images}
        return {
            path.rpartition("/")[2]: re.sub(r'(/index)?\.js(?=")', "", body_of(text))
            for path, text in texts.items()
            if "/sessions/" in path
            and not path.endswith(("connection.ts", "connection.js", "README.md"))
        }

    migrated(app)
    (app / "cronshift.toml").write_text((app / "cronshift.toml").read_text() + f"\n{TOML}")
    other = tmp_path / "next"
    (other / "app/api/cron/echo").mkdir(parents=True)
    route = "export async function GET() {\n  return Response.json({});\n}\n"
    (other / "app/api/cron/echo/route.ts").write_text(route)
    (other / "package.json").write_text('{"dependencies": {"next": "16.0.0"}}')
    (other / "tsconfig.json").write_text("{}")
    (other / "cronshift.toml").write_text(TOML)
    (other / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/echo", "schedule": "0 6 * * *"}]}'
    )
    spoken = app_of(make_plan(load_project(app))).routers.in_language
    assert _bare(written(app), str) == _bare(written(other), spoken)


def _bare(texts: dict[str, str], spoken: Callable[[str], str]) -> dict[str, str]:
    """Return modules in a language, by their names without a suffix, but for where their lines end."""
    return {
        name.rpartition(".")[0]: re.sub(r",?\s+", "", spoken(text)) for name, text in texts.items()
    }


def in_javascript(root: Path) -> Path:
    """Give the plain functions as an app without types: no compiler, nothing to build."""
    app = copied(FUNCTIONS, root)
    for file in (*app.rglob("api/**/*.ts"), *app.rglob("lib/*.ts")):
        file.with_suffix(".js").write_text(untyped(file.read_text()))
        file.unlink()
    (app / "tsconfig.json").unlink()
    return app


def test_an_app_in_javascript_has_the_same_flow_without_its_types(tmp_path: Path) -> None:
    def written(root: Path) -> dict[str, str]:
        migrated(root)
        (root / "cronshift.toml").write_text((root / "cronshift.toml").read_text() + f"\n{TOML}")
        images = prepare_scaffold(root, LONG_AGO, flow=FLOW).images
        texts = {image.path: body_of((image.after or b"").decode()) for image in images}
        return {path: text for path, text in texts.items() if path.endswith((".ts", ".js"))}

    typed, bare = (
        written(copied(FUNCTIONS, tmp_path / "ts")),
        written(in_javascript(tmp_path / "js")),
    )
    assert {*bare} == {path.replace(".ts", ".js") for path in typed}
    for path, text in typed.items():
        assert laid_out(untyped(text), CodeStyle()) == laid_out(
            bare[path.replace(".ts", ".js")], CodeStyle()
        )


def test_the_flow_runs_in_javascript_as_it_is(
    node_packages: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = installed(FUNCTIONS) / "apps" / uuid4().hex
    in_javascript(root)
    migrated(root)
    with_sessions(root, "javascript", node_packages)
    shutil.copytree(root, root / "dist", symlinks=True)
    tables = (root / "migrations/session_tables.sql").read_text()
    schema = (EXAMPLE / "schema.postgresql.sql").read_text()
    settings = parse_settings(TOML).sessions
    assert settings is not None
    with (
        a_database(postgresql_url, schema, tables) as url,
        started(FUNCTIONS, root, DATABASE_URL=plain(url)) as address,
    ):
        monkeypatch.setenv("DATABASE_URL", url)
        opened, engine = open_database(settings), create_engine(url)
        database = App(engine, opened, settings, url)
        user = database.user(credits_left=10, spent=2)
        session = database.session(user, models=0)
        database.do(
            "UPDATE prediction_sessions SET selected_models = ARRAY['a', 'gone'] WHERE id = :id",
            id=session,
        )
        running = Running(FUNCTIONS, root, address, url, "")
        assert processed(running, session, user).output == {"delivered": 1, "failed": ["gone"]}
        assert database.state(session)[0] == "finished"
        assert database.account(user) == (11, 1)
        opened.engine.dispose()
        engine.dispose()
    shutil.rmtree(root)

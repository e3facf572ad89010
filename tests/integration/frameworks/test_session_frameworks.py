"""The session flow in the app of each framework, through its real adapter on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import create_engine
from tests.integration.inngest_runs import PATIENCE, SERVER
from tests.integration.nextjs.session_app import FLOW
from tests.integration.sessions.conftest import TOML, App

from cronshift import operations
from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import custom_event
from cronshift.engine.server.endpoint import Endpoint
from cronshift.engine.validation.project import validate_package
from cronshift.errors import ConfigError
from cronshift.model import Severity
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.settings import parse_settings
from cronshift.sessions.flow import event_of
from cronshift.sessions.scripts import open_database
from cronshift.targets.scaffold import prepare_scaffold

from .apps import FUNCTIONS, LONG_AGO, Kit, copied, migrated, tree
from .sessions import ROUTES, SERVED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.engine.executor.runs import Run

    from .conftest import Running


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
            if "/sessions/" in path and not path.endswith(("connection.ts", "README.md"))
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
    assert written(app) == written(other)


def test_an_app_in_javascript_is_told_where_the_flow_is(tmp_path: Path) -> None:
    app = copied(FUNCTIONS, tmp_path / "app")
    for file in [*app.rglob("api/**/*.ts")]:
        file.rename(file.with_suffix(".js"))
    (app / "tsconfig.json").unlink()
    (app / "cronshift.toml").write_text(f'[project]\ntarget = "typescript"\n{TOML}')
    before = tree(app)
    with pytest.raises(ConfigError) as caught:
        prepare_scaffold(app, LONG_AGO, flow=FLOW)
    assert caught.value.reason == "target-does-not-fit"
    assert "--target python" in (caught.value.hint or "")
    assert tree(app) == before

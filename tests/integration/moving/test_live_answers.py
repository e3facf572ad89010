"""What each answer of a deployment means: not known is never doubled, and never green."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from tests.integration.sockets import serving

from cronshift.cli import run
from cronshift.moving.callable_endpoint import ask_endpoint
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.late import by_job
from cronshift.moving.live import Mishap, ask_both
from cronshift.moving.migration import prepare_migration
from cronshift.operations import apply
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import OWNERSHIP_NAME, digest
from cronshift.runtime.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[3] / "examples"
MONDAY = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
PATH = "/api/cron/prediction-check"
DEAD = "http://127.0.0.1:9"
KEY = "signkey-test-00112233"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    for name in ("INNGEST_DEV", "INNGEST_SIGNING_KEY", "INNGEST_BASE_URL", "CRONSHIFT_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    ignored = shutil.ignore_patterns(
        "demo.py", "sessions", "nextjs", "sveltekit", "__pycache__", "inngest_app"
    )
    root = Path(shutil.copytree(EXAMPLES, tmp_path / "predictions", ignore=ignored))
    apply(root, prepare_migration(load_project(root), (), MONDAY, fix=True).operation)
    apply(root, prepare_cutover(load_project(root), ["prediction-check"], MONDAY).operation)
    return root


def answering(response: Callable[[], Response]) -> FastAPI:
    app = FastAPI()

    @app.options("/{path:path}")
    def answer(path: str) -> Response:
        return response()

    return app


@pytest.mark.parametrize(
    ("response", "telling", "words"),
    [
        (lambda: JSONResponse({"ownership": None}), Telling.NO_FILE, "holds no ownership file"),
        (lambda: JSONResponse({"error": "no"}, 401), Telling.WRONG_SECRET, "another secret"),
        (lambda: Response(status_code=403), Telling.WRONG_SECRET, "another secret"),
        (lambda: Response(status_code=204, headers={"allow": "GET, POST, PUT, OPTIONS"}), Telling.WRONG_SECRET, "another secret"),
        (lambda: HTMLResponse("<title>Authentication Required</title> Vercel", 401), Telling.PROTECTED, "deployment protection"),
        (lambda: Response(status_code=401, headers={"set-cookie": "_vercel_sso_nonce=x"}), Telling.PROTECTED, "deployment protection"),
        (lambda: RedirectResponse("https://vercel.com/sso-api?url=x"), Telling.PROTECTED, "deployment protection"),
        (lambda: RedirectResponse("/login"), Telling.PROTECTED, "/login"),
        (lambda: Response(status_code=503), Telling.UNREACHABLE, "did not answer"),
        (lambda: Response(status_code=405), Telling.SILENT, "does not tell"),
        (lambda: Response("ran"), Telling.SILENT, "does not tell"),
    ],
)  # fmt: skip
def test_every_answer_of_a_side_is_told_apart(
    root: Path, response: Callable[[], Response], telling: Telling, words: str
) -> None:
    with serving(answering(response)) as url:
        vercel, inngest_side = asyncio.run(
            ask_both(root, app_url=url, path=PATH, endpoint=DEAD, secret_env="CRON_SECRET")
        )
    assert vercel.telling is telling
    assert words in (vercel.problem or "")
    assert vercel.is_known is (telling is Telling.NO_FILE)
    assert inngest_side.telling is Telling.UNREACHABLE
    assert not inngest_side.is_known


@pytest.fixture
def status(root: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    def ask(app: str, endpoint: str, *more: str) -> tuple[int, Any]:
        where = ["--base-url", app, "--endpoint", endpoint]
        code = run(["-C", str(root), "status", "--live", *where, *more])
        out = capsys.readouterr()
        return code, json.loads(out.out) if "--json" in more else out.out + out.err

    return ask


def test_two_dead_addresses_double_no_tick(status: Callable[..., tuple[int, Any]]) -> None:
    code, document = status(DEAD, f"{DEAD}/api/inngest", "--json")
    assert code == 1
    assert document["ticks"] == []
    assert [side["answer"] for side in document["live"]] == ["did-not-answer"] * 2
    assert document["endpoint"]["state"] == "unreachable"
    code, text = status(DEAD, f"{DEAD}/api/inngest")
    assert code == 1
    assert "not known" in text
    assert "both sides ran" not in text


def test_doubled_ticks_are_one_line_a_job() -> None:
    mishaps = [Mishap("a", MONDAY + timedelta(minutes=each), doubled=True) for each in range(130)]
    mishaps += [Mishap("b", MONDAY, doubled=False, certain=False)]
    lines = [line.sentence for line in by_job(mishaps)]
    assert lines == [
        "a: both sides ran 130 ticks, from 2026-11-23 00:30 UTC to 2026-11-23 02:39 UTC.",
        "b: perhaps neither side ran the tick of 2026-11-23 00:30 UTC.",
    ]


def test_a_side_without_a_file_has_a_line_a_job(
    root: Path, status: Callable[..., tuple[int, Any]]
) -> None:
    current = digest(read_ownership(root))
    with (
        serving(answering(lambda: JSONResponse({"ownership": None}))) as app,
        serving(answering(lambda: JSONResponse({"ownership": current}))) as endpoint,
    ):
        code, text = status(app, f"{endpoint}/api/inngest")
    lines = [line for line in text.splitlines() if "prediction-check:" in line and "ran" in line]
    assert code == 1
    assert len(lines) <= 1


def inngest_app(*, is_production: bool) -> FastAPI:
    """An endpoint that the real SDK serves."""
    client = inngest.Inngest(
        app_id="predictions",
        is_production=is_production,
        signing_key=os.environ.get("SERVED_KEY"),
        api_base_url=None,
    )

    @client.create_function(fn_id="one", trigger=inngest.TriggerCron(cron="0 0 * * *"))
    async def nightly(_: inngest.Context) -> None: ...

    app = FastAPI()
    inngest.fast_api.serve(app, client, [nightly])
    return app


def keyless() -> FastAPI:
    """An endpoint of the TypeScript SDK in cloud mode, of which nobody set the keys."""
    app = FastAPI()
    told = {"has_signing_key": False, "has_event_key": False, "mode": "cloud", "function_count": 1}

    @app.get("/api/inngest")
    def introspected() -> JSONResponse:
        return JSONResponse(told, headers={"x-inngest-sdk": "inngest-js:v4.24.0"})

    return app


def inngest_server(functions: list[Any], status_code: int = 200) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/apps/predictions/functions")
    def listed() -> JSONResponse:
        return JSONResponse(functions, status_code)

    return app


@pytest.mark.parametrize(
    ("served_key", "functions", "code", "state"),
    [
        ("", [], 200, "no-keys"),
        (KEY, [], 404, "never-synced"),
        (KEY, [], 200, "never-synced"),
        (KEY, [], 401, "not-known"),
        (KEY, [{"slug": "predictions-one"}], 200, "synced"),
    ],
)
def test_the_endpoint_is_one_that_inngest_can_call(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    served_key: str,
    functions: list[Any],
    code: int,
    state: str,
) -> None:
    if served_key:
        monkeypatch.setenv("SERVED_KEY", served_key)
    with serving(inngest_server(functions, code)) as server:
        environ = {"INNGEST_SIGNING_KEY": KEY, "INNGEST_BASE_URL": server}
        served = inngest_app(is_production=True) if served_key else keyless()
        with serving(served) as url:
            endpoint = asyncio.run(ask_endpoint(f"{url}/api/inngest", "predictions", environ))
    assert endpoint.state == state
    assert endpoint.is_well is (state == "synced")
    assert endpoint.remedy or endpoint.is_well


def test_without_the_key_nobody_knows_whether_the_app_was_synced(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVED_KEY", KEY)
    with serving(inngest_app(is_production=True)) as url:
        endpoint = asyncio.run(ask_endpoint(f"{url}/api/inngest", "predictions", {}))
    assert endpoint.state in {"not-known", "not-an-endpoint"}
    assert not endpoint.is_well


def test_an_endpoint_in_dev_mode_is_none_of_the_clouds(root: Path) -> None:
    with serving(inngest_app(is_production=False)) as url:
        endpoint = asyncio.run(ask_endpoint(f"{url}/api/inngest", "predictions", {}))
    assert endpoint.state == "dev-mode"


def test_both_sides_current_is_not_green_without_a_synced_app(
    root: Path, status: Callable[..., tuple[int, Any]]
) -> None:
    current = digest(read_ownership(root))
    assert (root / OWNERSHIP_NAME).is_file()
    with serving(answering(lambda: JSONResponse({"ownership": current}))) as url:
        code, document = status(url, f"{url}/api/inngest", "--json")
    assert [side["current"] for side in document["live"]] == [True, True]
    assert code == 1
    assert document["endpoint"]["state"] == "not-an-endpoint"

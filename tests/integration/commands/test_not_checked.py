"""What was not looked at is never called valid, and what is known bad is refused everywhere."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI
from tests.integration.commands.conftest import Cronshift
from tests.integration.sockets import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def served(app_id: str, *ids: str) -> FastAPI:
    """An app in dev mode with functions of these ids, none of which may run."""
    client = inngest.Inngest(app_id=app_id, is_production=False)

    def made(name: str) -> inngest.Function[None]:
        @client.create_function(fn_id=name, trigger=inngest.TriggerCron(cron="0 3 * * *"))
        async def function(ctx: inngest.Context) -> None:
            raise AssertionError("asking must run nothing")

        return function

    app = FastAPI()
    inngest.fast_api.serve(app, client, [made(name) for name in ids])
    return app


JOBS = ("mail", "tidy")


@pytest.fixture
def shop(tmp_path: Path) -> Cronshift:
    crons = [{"path": f"/api/cron/{name}", "schedule": "0 3 * * *"} for name in JOBS]
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": crons}))
    (tmp_path / "cronshift.toml").write_text('[project]\napp_id = "shop"\nmode = "bridge"\n')
    return Cronshift(tmp_path)


@pytest.fixture
def endpoints() -> Iterator[dict[str, str]]:
    """The addresses of the app's own functions, and of two of another app."""
    with (
        serving(served("shop", *JOBS)) as own,
        serving(served("other", "a", "b")) as other,
    ):
        yield {"own": f"{own}/api/inngest", "other": f"{other}/api/inngest"}


def test_in_dev_mode_functions_are_compared_and_their_ticks_are_not_called_valid(
    shop: Cronshift, endpoints: dict[str, str]
) -> None:
    right = shop("validate", "--endpoint", endpoints["own"], "--json")
    assert (right.code, right.document["valid"]) == (0, None)
    said = shop("validate", "--endpoint", endpoints["own"])
    assert "nothing wrong found, and not all was checked." in said.out
    assert ": valid" not in said.out
    assert shop("validate", "--endpoint", endpoints["own"], "--strict").code == 1
    wrong = shop("validate", "--endpoint", endpoints["other"], "--json")
    assert (wrong.code, wrong.document["valid"]) == (1, False)
    missing = [f["job"] for f in wrong.document["findings"] if f["name"] == "function-missing"]
    assert missing == ["mail", "tidy"]


@pytest.fixture
def app(tmp_path: Path) -> Cronshift:
    """A Next.js app of one job, moved."""
    root = tmp_path / "app"
    route = root / "app/api/cron/mail/route.ts"
    route.parent.mkdir(parents=True)
    route.write_text("export async function GET() {\n  return Response.json({});\n}\n")
    crons = [{"path": "/api/cron/mail", "schedule": "0 3 * * *"}]
    documents = {
        "vercel.json": {"crons": crons},
        "tsconfig.json": {},
        "package.json": {
            "name": "shop",
            "scripts": {"build": "next build"},
            "dependencies": {"next": "16.0.0", "inngest": "4.24.0"},
        },
    }
    for name, document in documents.items():
        (root / name).write_text(json.dumps(document))
    shop = Cronshift(root)
    assert shop("migrate", "--yes").code == 0
    return shop


def test_types_that_were_not_checked_are_not_called_valid(app: Cronshift) -> None:
    looked = app("validate", "--json")
    assert (looked.code, looked.document["valid"]) == (0, None)
    asked = app("validate", "--json", "--no-compile")
    assert (asked.code, asked.document["valid"]) == (0, True)


def test_the_apps_own_build_is_run_on_request(app: Cronshift, tmp_path: Path) -> None:
    npm = tmp_path / "bin/npm"
    npm.parent.mkdir()
    path = {"PATH": f"{npm.parent}{os.pathsep}{os.environ['PATH']}"}
    for code, expected in ((0, True), (1, False)):
        npm.write_text(f"#!/bin/sh\necho built $1 $2\nexit {code}\n")
        npm.chmod(0o755)
        built = app("validate", "--no-compile", "--build", "--json", env=path)
        assert (built.document["valid"], built.code) == (expected, code)
        assert "Running npm run build (at most 15m)" in built.err
    settings = app.folder / "cronshift.toml"
    settings.write_text(settings.read_text() + '\n[validate]\nbuild_timeout = "1s"\n')
    npm.write_text("#!/bin/sh\nsleep 60\n")
    slow = app("validate", "--no-compile", "--build", "--json", env=path)
    assert (slow.code, slow.document["valid"]) == (0, None)


def test_serve_check_refuses_what_is_known_bad_for_the_functions(shop: Cronshift) -> None:
    assert shop("migrate", "--yes").code == 0
    fine = shop("serve", "--check", "--dev", "--json")
    assert (fine.code, fine.document["valid"]) == (0, True)
    codes = {fact["code"] for fact in fine.document["facts"]}
    assert codes == {fact["code"] for fact in shop("validate", "--json").document["facts"]}
    api = shop.folder / "api"
    api.mkdir()
    for name in JOBS:
        (api / f"cron_{name}.py").write_text("")
    (api / "index.py").write_text("def app(environ, start_response:\n")
    document = json.loads((shop.folder / "vercel.json").read_text())
    document["rewrites"] = [{"source": "/(.*)", "destination": "/api/index"}]
    (shop.folder / "vercel.json").write_text(json.dumps(document))
    broken = shop("serve", "--check", "--dev", "--json")
    assert (broken.code, broken.document["valid"]) == (1, False)
    assert "R502" in {
        fact["code"] for fact in broken.document["facts"] if fact["answer"] == "known-bad"
    }

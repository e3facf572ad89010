"""A small project in an environment of stand-ins, and what is known of it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import tomlkit
from tests.integration.operating.stand_ins import APP, CRONS, KEY, PATHS, TOKEN, Standing, World

from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.environments import environment_named
from cronshift.readiness.doctor.asking import Asking
from cronshift.readiness.doctor.database_sight import load_drivers
from cronshift.readiness.doctor.diagnosis import diagnose

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.readiness.doctor.diagnosis import Diagnosis

_ROUTES = "\n".join(f"@app.get('{path}')\ndef {job}(): ...\n" for job, path in PATHS.items())
FILES = {
    "requirements.txt": "fastapi\ncronshift-runtime[functions]\n",
    "cronshift_guard.py": "guard = Guard(\n"
    + "".join(f'    Job(id="{job}", path="{PATHS[job]}"),\n' for job in CRONS)
    + ")\n",
    "api/index.py": "from fastapi import FastAPI\nfrom cronshift_guard import guard\n"
    f"app = FastAPI()\napp.add_middleware(guard.asgi)\n{_ROUTES}",
    "vercel.json": json.dumps(
        {"crons": [{"path": PATHS[job], "schedule": text} for job, text in CRONS.items()]}
    ),
}


@dataclass(frozen=True)
class Seen:
    diagnosis: Diagnosis
    seconds: float

    @property
    def first(self) -> str | None:
        causes = self.diagnosis.causes
        return causes[0].kind.code if causes else None

    @property
    def bad(self) -> list[str]:
        return [f"{fact.kind.code} {fact.message}" for fact in self.diagnosis.causes]


def write(root: Path, world: World, standing: Standing) -> None:
    """Write the project's files, with the environment linked."""
    table: dict[str, Any] = {
        "app": standing.app,
        "endpoint": standing.endpoint,
        "vercel_project": "prj_1",
    } | world.table
    linked = {key: value for key, value in table.items() if value is not None}
    settings = {"project": {"app_id": APP, **world.project}, "environments": {world.name: linked}}
    files = {**FILES, **world.files}
    files.setdefault("cronshift.toml", tomlkit.dumps(settings) + world.toml)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def variables(world: World, standing: Standing) -> dict[str, str]:
    return {
        "INNGEST_SIGNING_KEY": KEY,
        "VERCEL_TOKEN": TOKEN,
        "CRONSHIFT_VERCEL_API": standing.vercel,
        "INNGEST_API_BASE_URL": standing.inngest,
        **(
            {"CRONSHIFT_ENDPOINT": standing.endpoint, "VERCEL_PROJECT_ID": "prj_1"}
            if world.is_named_here
            else {}
        ),
        **world.environ,
    }


@pytest.fixture
def see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[World], Seen]:
    """Stand a world up, and diagnose the project in it."""
    for name in (
        "VERCEL_PROJECT_ID",
        "INNGEST_DEV",
        "INNGEST_SIGNING_KEY",
        "CRONSHIFT_CLAIMS_URL",
        "DATABASE_URL",
    ):
        monkeypatch.delenv(name, raising=False)

    def look(world: World) -> Seen:
        with world.standing() as standing:
            write(tmp_path, world, standing)
            project = load_project(tmp_path)
            environment = environment_named(project.settings.environments, world.name)
            environ = variables(world, standing)
            for name in ("DATABASE_URL",):
                if name in environ:
                    monkeypatch.setenv(name, environ[name])
            now = datetime.now(UTC)
            asking = Asking(project, make_plan(project), environment, environ, now)
            load_drivers(asking)  # how fast libraries load is the machine's business
            begun = time.monotonic()
            diagnosis = asyncio.run(diagnose(asking))
            return Seen(diagnosis, time.monotonic() - begun)

    return look

"""Every JSON document is what its published schema says."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from tests.integration.documented import page_script
from tests.integration.sockets import serving

from cronshift.cli import COMMANDS, run
from cronshift.project.settings import parse_settings

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
SCHEMAS = files("cronshift").joinpath("output/schemas")
SESSIONS = """
[sessions]
database_url_env = "DATABASE_URL"
table = "renders"
id = "id"
user = "owner_id"
status = "state"
created = "made_at"
queued = "queued"
processing = ["drawing"]
finished = "done"
failed = "failed"
cost = { constant = 1 }

[sessions.credits]
table = "owners"
id = "id"
balance = "coins"
"""


def schema(name: str) -> Any:
    return json.loads(SCHEMAS.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def check(document: Any, name: str) -> None:
    jsonschema.Draft202012Validator(schema(name)).validate(document)


@pytest.fixture
def told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """Run a command of the example's project, hold its document to a schema, and return it."""
    monkeypatch.setenv("INNGEST_DEV", "1")
    monkeypatch.setenv("CRONSHIFT_ASSUME", "variables")
    for name in ("CRON_SECRET", "CRONSHIFT_BASE_URL", "CRONSHIFT_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)

    def ask(name: str, *words: str) -> Any:
        capsys.readouterr()
        run(["-C", str(project), *words, "--json"])
        document = json.loads(capsys.readouterr().out)
        check(document, name)
        return document

    return ask


def test_the_documents_of_a_whole_move_are_what_their_schemas_say(
    told: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told("version", "--version")
    told("init", "init", "--dry-run")
    told("init", "init", "--yes")
    told("audit", "audit", "--next", "2")
    told("explain", "explain", "CS206")
    told("explain-page", "explain", "glossary")
    told("next", "next")
    told("baseline", "baseline")
    told("migrate", "migrate", "--dry-run")
    told("migrate", "migrate", "--fix", "--yes")
    told("validate", "validate")
    told("run", "run", "update-ai-models")
    monkeypatch.setenv("CRONSHIFT_BASE_URL", "http://127.0.0.1:9")
    told("run", "run", "prediction-check")
    kept = str(tmp_path / "plan.json")
    told("pause", "pause", "update-ai-models", "--yes")
    told("status", "status")
    told("resume-job", "resume-job", "update-ai-models", "--yes")
    told("cutover", "cutover", "session-recovery", "--save-plan", kept)
    told("operations-apply", "operations", "apply", kept, "--yes")
    told("cutover", "cutover", "prediction-check", "--percent", "10", "--yes")
    told("status", "status")
    operation = told("operations-list", "operations", "list")["operations"][-1]["id"]
    told("operations-show", "operations", "show", operation)
    told("flags-export", "flags", "export", "--format", "env")
    told("rollback", "rollback", "--all", "--yes")
    told("operations-resume", "operations", "resume")
    told("next", "next")
    told("report", "report", "--since", "7d")
    dead = "http://127.0.0.1:9"
    told("link", "link", "--app", dead, "--endpoint", f"{dead}/api/inngest", "--yes")
    told("doctor", "doctor")
    told("setup", "setup", "--dry-run")
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    told("cutover", "cutover", "session-recovery", "--stages", "10,100", "--yes")
    told("compare", "compare")
    told("advance", "advance")
    told("error", "compare", "no-such-job")
    told("error", "migrate", "no-such-job")
    told("error", "finalize", "--all")
    told("error", "nonsense")
    told("sessions-scaffold", "sessions", "scaffold", "--dry-run")


def test_what_a_deployment_tells_is_what_the_schema_says(
    told: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    app = FastAPI()

    @app.options("/{path:path}")
    def tell(path: str) -> JSONResponse:
        return JSONResponse({"ownership": None})

    with serving(app) as url:
        where = ("--base-url", url, "--endpoint", f"{url}/api/inngest")
        document = told("status", "status", "--live", *where)
    assert [side["answer"] for side in document["live"]] == ["no-file", "no-file"]


def test_finalize_and_the_end_of_a_move_are_what_the_schemas_say(
    told: Callable[..., Any], project: Path
) -> None:
    told("migrate", "migrate", "--fix", "--yes")
    epoch = {"effective_at": "2026-01-01T00:00:00Z", "percent": 100, "operation": "01"}
    ownership = {"version": 1, "jobs": {"session-recovery": [epoch]}}
    (project / "cronshift.ownership.json").write_text(json.dumps(ownership))
    told("finalize", "finalize", "session-recovery", "--ticks-ran", "--yes")
    told("next", "next")


def test_the_documents_of_sessions_are_what_their_schemas_say(
    told: Callable[..., Any], project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "cronshift.toml").write_text(SESSIONS)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'app.db'}")
    with closing(sqlite3.connect(tmp_path / "app.db")) as database:
        database.executescript(
            "create table owners (id integer primary key, coins integer not null);"
            "create table renders (id integer primary key, owner_id integer, state text, made_at timestamp);"
            "insert into owners values (1, 5);"
            "insert into renders values (1, 1, 'queued', '2026-01-01 00:00:00');"
            "insert into renders values (2, 9, 'queued', '2026-01-01 00:00:00');"
        )
    told("sessions-status", "sessions", "status")
    told("sessions-requeue", "sessions", "orphans", "--requeue", "--dry-run")
    told("sessions", "sessions", "orphans")
    told("sessions", "sessions", "orphans", "--fail", "--yes")
    told("sessions", "sessions", "refunds", "--yes")
    told("sessions", "sessions", "recover", "--yes")
    told("sessions-status", "sessions", "status")
    told("rollback", "rollback", "--all", "--yes")


def test_serve_check_prints_what_its_schema_says(
    project: Path, environment: dict[str, str]
) -> None:
    program = Path(sys.executable).with_name("cronshift")
    for words in (["migrate", "--yes"], ["serve", "--check", "--dev", "--json"]):
        done = subprocess.run(
            [program, *words],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    check(json.loads(done.stdout), "serve-check")


def test_what_is_done_to_others_is_told_as_the_schemas_say(
    told: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operation given up, an Edge Config that is written, an endpoint that registers."""
    journal = project / ".cronshift" / "operations"
    journal.mkdir(parents=True)
    (journal / "01KAVH7R00ZQ4X8N5T2M9C6B3D.json").write_text("{")
    assert told("operations-abandon", "operations", "abandon", "01KAV", "--yes")["abandoned"]
    assert told("forget", "forget", "--yes")["forgotten"]
    assert not (project / ".cronshift").exists()
    app = FastAPI()

    @app.patch("/v1/edge-config/{store}/items")
    def write(store: str) -> dict[str, str]:
        return {"status": "ok"}

    @app.put("/api/inngest")
    def register(response: Response) -> dict[str, Any]:
        response.headers["x-inngest-sdk"] = "inngest-js:v4.24.0"
        return {"message": "Successfully registered", "modified": True}

    monkeypatch.setenv("VERCEL_TOKEN", "only-here")
    with serving(app) as url:
        monkeypatch.setenv("CRONSHIFT_VERCEL_API", url)
        assert told("flags-push", "flags", "push", "--edge-config", "ecfg_1", "--yes")["pushed"]
        assert told("sync", "sync", "--endpoint", f"{url}/api/inngest")["modified"]


def test_the_files_are_those_that_the_program_makes() -> None:
    made = page_script("reference").schema_files()
    assert {file.name: file.read_text(encoding="utf-8") for file in SCHEMAS.iterdir()} == made
    for name in made:
        jsonschema.Draft202012Validator.check_schema(json.loads(made[name]))
    documents = {name.removesuffix(".json") for name in made}
    shown = {
        command
        for command in COMMANDS
        for name in documents
        if f"{name}-".startswith(f"{command}-")
    }
    assert set(COMMANDS) == shown


def test_init_names_the_schema_and_the_file_fits_it(
    told: Callable[..., Any], project: Path
) -> None:
    (project / "cronshift.toml").unlink(missing_ok=True)
    told("init", "init", "--yes")
    text = (project / "cronshift.toml").read_text()
    named = text.splitlines()[0].removeprefix("#:schema ")
    rules = json.loads((project / named).read_text())
    assert rules == schema("cronshift.toml")
    jsonschema.Draft202012Validator(rules).validate(tomllib.loads(text))
    assert parse_settings(text).app_id

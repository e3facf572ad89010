"""No command shows, records or generates a secret: every output, error, journal and file is read."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from cronshift.cli import COMMANDS, run
from cronshift.errors import CronshiftError
from cronshift.plan.leftovers import find_leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRETS = {
    "CRON_SECRET": "planted-cron-secret",
    "INNGEST_SIGNING_KEY": "signkey-test-0123456789abcdef0123456789abcdef",
    "INNGEST_EVENT_KEY": "planted-event-key",
    "VERCEL_TOKEN": "planted-vercel-token",
    "DATABASE_URL": "postgresql+psycopg://user:planted-db-password@127.0.0.1:9/app",
    "CRONSHIFT_CLAIMS_URL": "postgresql+psycopg://user:planted-claims-password@127.0.0.1:9/app",
    "CRONSHIFT_LEDGER_URL": "postgresql+psycopg://user:planted-ledger-password@127.0.0.1:9/app",
    "CRONSHIFT_BASE_URL": "http://user:planted-base-password@127.0.0.1:9/?token=planted-base-token",
    "EDGE_CONFIG_ID": "ecfg_test",
    "CRONSHIFT_ALERTS_URL": "http://user:planted-alerts@127.0.0.1:9/services/planted-hook",
    "BETTERSTACK_API_TOKEN": "planted-betterstack-token",
    "CRONSHIFT_BETTERSTACK_API": "http://user:planted-betterstack-password@127.0.0.1:9",
    "HEALTHCHECKS_API_KEY": "planted-healthchecks-key",
    "CRONSHIFT_HEALTHCHECKS_API": "http://127.0.0.1:9/?key=planted-healthchecks-query",
    "SENTRY_AUTH_TOKEN": "planted-sentry-token",
    "SENTRY_ORG": "acme",
    "SENTRY_PROJECT": "shop",
    "SENTRY_URL": "http://user:planted-sentry-password@127.0.0.1:9",
    "INNGEST_API_KEY": "sk-inn-api-planted-key",
    "INNGEST_API_BASE_URL": "http://user:planted-inngest-password@127.0.0.1:9",
    "CRONSHIFT_VERCEL_API": "http://127.0.0.1:9",
    "VERCEL_AUTOMATION_BYPASS_SECRET": "planted-bypass-secret",
}
ENDPOINT = "http://user:planted-endpoint-password@127.0.0.1:9/api/inngest?key=planted-endpoint-key"
PLANTED = ("planted-", SECRETS["INNGEST_SIGNING_KEY"].rpartition("-")[2])
FILES = {
    "vercel.json": json.dumps(
        {
            "crons": [
                {"path": "/api/cron/a", "schedule": "0 6 * * *"},
                {"path": "/api/cron/b", "schedule": "0 * * * *"},
            ]
        }
    ),
    "cronshift.toml": """\
[project]
serve = "worker" # so that no line of the app's own source is part of a diff

[sessions]
database_url_env = "DATABASE_URL"
table = "sessions"
id = "id"
user = "user_id"
status = "status"
created = "created_at"
queued = "queued"
processing = ["processing"]
finished = "finished"
failed = "error"
cost = { constant = 1 }

[sessions.credits]
table = "users"
id = "id"
balance = "credits"

[jobs.b]
mode = "bridge"
""",
    "requirements.txt": "fastapi\n",
    "api/index.py": """\
from fastapi import FastAPI, Request

app = FastAPI()
KEY = "planted-in-source"


@app.get("/api/cron/a")
def a(request: Request):
    if request.headers.get("authorization") == "Bearer planted-in-handler":
        return {"ok": True}
    return {"ok": False}


@app.get("/api/cron/b")
def b():
    return {"ok": True}
""",
    ".env": "CRON_SECRET=planted-in-env\nDATABASE_URL=postgres://u:planted-in-env@h/d\n",
    ".env.local": "CRON_SECRET=planted-in-env-local\nX=planted-path # /api/cron/a\n",
    "scripts/call.sh": "curl -H 'Authorization: Bearer planted-in-script' https://app/api/cron/a\n",
}
WORDS = [
    ("init", "--dry-run"),
    ("audit",),
    ("audit", "--forecast"),
    ("audit", "--format", "sarif"),
    ("audit", "--format", "github"),
    ("explain", "CS206"),
    ("migrate", "--dry-run"),
    ("migrate", "--yes", "--accept", "CS206"),
    ("migrate", "--yes", "--force"),
    ("baseline", "--yes"),
    ("validate",),
    ("validate", "--endpoint", ENDPOINT),
    ("run", "a"),
    ("run", "b", "--attempts", "1"),
    ("run", "b", "--base-url", SECRETS["CRONSHIFT_BASE_URL"], "--attempts", "1"),
    ("run", "a", "--endpoint", ENDPOINT),
    ("run", "a", "--data", "@.env"),
    ("serve", "--check"),
    ("cutover", "--all", "--stages", "10,100", "--auto", "--yes", "--assume", "variables"),
    ("compare",),
    ("advance", "--yes"),
    ("cutover", "--all", "--save-plan", "plan.json"),
    ("operations", "apply", "plan.json", "--yes"),
    ("next",),
    ("report", "--html", "move.html"),
    ("pause", "--all", "--yes"),
    ("resume-job", "--all", "--yes"),
    ("status",),
    ("status", "--live", "--endpoint", ENDPOINT),
    ("runs", "list"),
    ("dead-letters", "list"),
    ("alerts", "check"),
    ("alerts", "test"),
    ("monitors", "list"),
    ("monitors", "list", "--service", "healthchecks"),
    ("monitors", "create", "--yes", "--service", "better-stack"),
    ("monitors", "create", "--yes", "--service", "sentry"),
    ("dead-letters", "show", "01M8EEF3JTNMEAQHZQ4RXVZ310"),
    ("dead-letters", "replay", "--all", "--yes"),
    ("dead-letters", "drop", "--all", "--yes"),
    ("runs", "show", "01M8EEF3JTNMEAQHZQ4RXVZ310"),
    ("sync", "--endpoint", ENDPOINT),
    ("observe",),
    ("ticks", "list"),
    ("ticks", "replay", "--all", "--yes"),
    ("link", "--yes", "--app", ENDPOINT),
    (
        "link",
        "--yes",
        "--app",
        "http://127.0.0.1:9",
        "--endpoint",
        "http://127.0.0.1:9/api/inngest",
    ),
    ("doctor",),
    ("setup", "--dry-run"),
    ("setup", "--yes"),
    ("setup", "--done", "alerts"),
    ("setup", "--check"),
    ("flags", "export"),
    ("flags", "export", "--format", "edge-config"),
    ("flags", "push", "--yes"),
    ("finalize", "--all", "--ticks-ran", "--yes"),
    ("sessions", "status"),
    ("sessions", "orphans", "--fail", "--yes"),
    ("sessions", "refunds", "--yes"),
    ("sessions", "recover", "--yes"),
    ("rollback", "--all", "--yes"),
    ("finalize", "--all", "--ticks-ran", "--direct", "--steps", "--dry-run"),
    ("forget", "--dry-run"),
    ("sessions", "scaffold", "--yes"),
    ("operations", "list"),
    ("operations", "resume", "--dry-run"),
    ("operations", "abandon", "01K"),
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("INNGEST_DEV", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = logging.root.level
    yield
    logging.root.setLevel(before)


def leaks(text: str) -> list[str]:
    return [line for line in text.splitlines() if any(secret in line for secret in PLANTED)]


def written(*folders: Path) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and path.relative_to(folder).as_posix() not in FILES:
                yield path, path.read_bytes().decode(errors="replace")


def test_every_command_is_tried() -> None:
    assert {words[0] for words in WORDS} == set(COMMANDS)


@pytest.mark.parametrize("extra", [(), ("--json",), ("-v",)])
def test_no_secret_is_shown_recorded_or_generated(
    root: Path, state_home: Path, extra: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    for words in WORDS:
        if words[0] == "finalize":
            the_past(root)
        run([*words, *extra])
        out, err = capfd.readouterr()
        assert leaks(out + err) == [], words
    for path in (root / ".cronshift" / "operations").glob("*.json"):
        run(["operations", "show", path.stem, *extra])
        out, err = capfd.readouterr()
        assert leaks(out + err) == [], path
    for path, text in written(root, state_home):
        assert leaks(text) == [], path


IN_THE_APP = [
    ("migrate", "--dry-run", "--fix"),
    ("migrate", "--yes", "--fix", "--accept", "CS206"),
    ("cutover", "--all", "--yes", "--assume", "variables"),
    ("finalize", "--all", "--ticks-ran", "--direct", "--dry-run"),
    ("finalize", "--all", "--ticks-ran", "--yes", "--accept", "R101"),
    ("rollback", "--all", "--dry-run"),
]


@pytest.mark.parametrize("extra", [(), ("--json",)])
def test_no_secret_in_the_apps_source_is_shown_by_a_diff(
    root: Path, extra: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    """The lines that cronshift adds to an app stand beside whatever stands there; files that move are shown."""
    settings = (root / "cronshift.toml").read_text()
    (root / "cronshift.toml").write_text(settings.replace('serve = "worker"', ""))
    shown = ""
    for words in IN_THE_APP:
        if words[0] == "finalize":
            the_past(root)
        run([*words, *extra])
        out, err = capfd.readouterr()
        assert leaks(out + err) == [], words
        shown += out + err
    for path in (root / ".cronshift" / "operations").glob("*.json"):
        run(["operations", "show", path.stem, *extra])
        out, err = capfd.readouterr()
        assert leaks(out + err) == [], path
        shown += out
    assert "***" in shown
    assert "app.add_middleware(guard.asgi)" in shown


def the_past(root: Path) -> None:
    """Let every epoch have begun long ago, so that finalize goes its whole way."""
    file = root / "cronshift.ownership.json"
    document = json.loads(file.read_text())
    for epochs in document["jobs"].values():
        epochs[-1]["effective_at"] = "2020-01-01T00:00:00Z"
    file.write_text(json.dumps(document))


def test_leftovers_name_what_they_found_and_no_more(root: Path) -> None:
    lines = find_leftovers(root, ["/api/cron/a?token=planted-query"], "inngest_app")
    by_file = {(line.file, line.line): line.text for line in lines}
    assert by_file[".env.local", 1] == "CRON_SECRET"
    assert by_file[".env.local", 2] == "/api/cron/a"
    assert by_file["scripts/call.sh", 1] == "/api/cron/a"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:p@h/x cannot be reached", "https://***@h/x cannot be reached"),
        ("https://token@h:1/x?key=s#y", "https://***@h:1/x?***"),
        ("postgresql+psycopg://u:p%40@h/d", "postgresql+psycopg://***@h/d"),
        ("https://u:p@ss@h/", "https://***@h/"),
        ("mail a@b.c, read https://h/x.", "mail a@b.c, read https://h/x."),
    ],
)
def test_an_error_shows_addresses_without_what_may_be_secret(text: str, shown: str) -> None:
    error = CronshiftError(text, hint=text, where=text)
    assert (error.message, error.hint, error.where, str(error)) == (shown, shown, shown, shown)

"""A credential that an entry's query spells out: kept where a call needs it, and told to nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.cli import run
from cronshift.errors import path_to_show

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = ("First-Value-0071", "Second-Value-0072")
ROUTE = "export async function GET() {\n  return Response.json({});\n}\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app/api/cron/sync").mkdir(parents=True)
    (tmp_path / "app/api/cron/sync/route.ts").write_text(ROUTE)
    (tmp_path / "package.json").write_text('{"name": "tides", "dependencies": {"next": "16.0.0"}}')
    (tmp_path / "tsconfig.json").write_text("{}")
    crons = [
        {"path": f"/api/cron/sync?token={secret}", "schedule": "0 6 * * *"} for secret in SECRETS
    ]
    crons.append({"path": f"/api/gone?x=1&apiKey={SECRETS[0]}", "schedule": "0 7 * * *"})
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": crons}))
    return tmp_path


def spoken_of(text: str) -> list[str]:
    """Return the secrets in a text, also as a name made of them."""
    return [secret for secret in SECRETS if secret.lower() in text.lower()]


@pytest.mark.parametrize(
    "words",
    [
        ["audit"],
        ["--json", "audit"],
        ["audit", "--format", "sarif"],
        ["audit", "--format", "github"],
        ["doctor"],
        ["--json", "doctor"],
        ["--json", "status"],
        ["--json", "migrate", "--dry-run"],
        ["migrate", "--dry-run"],
        ["init", "--dry-run"],
    ],
    ids=" ".join,
)
def test_no_command_prints_it(
    app: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(["-C", str(app), *words])
    printed = "".join(capsys.readouterr())
    assert printed
    assert spoken_of(printed) == []


def test_it_stands_where_a_call_is_made_and_in_no_comment_nor_name(app: Path) -> None:
    assert run(["-C", str(app), "migrate", "--yes"]) == 1  # nothing answers the third
    modules = [*(app / "lib/inngest/functions").glob("sync*.ts")]
    assert len(modules) == 2
    written = {
        line.strip()
        for module in modules
        for line in module.read_text().splitlines()
        if spoken_of(line)
    }
    assert written == {f'path: "/api/cron/sync?token={secret}",' for secret in SECRETS}
    assert spoken_of(" ".join(str(file.relative_to(app)) for file in app.rglob("*"))) == []
    assert spoken_of((app / "cronshift.ownership.json").read_text()) == []


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/a?secret=abcdef1", "/a?secret=***"),
        ("GET /a?x=1&cron_key=abcdef1#t answered 503", "GET /a?x=1&cron_key=***#t answered 503"),
        ("/a?accessToken=abcdef1&model=gpt-5", "/a?accessToken=***&model=gpt-5"),
        ("/a?pageToken=abcdef1", "/a?pageToken=abcdef1"),
        ("/a?author=somebody&design=modern1", "/a?author=somebody&design=modern1"),
        ("/a?secret=$CRON_SECRET", "/a?secret=$CRON_SECRET"),
    ],
)
def test_what_of_a_path_is_shown(path: str, shown: str) -> None:
    assert path_to_show(path) == shown

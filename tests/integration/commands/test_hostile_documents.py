"""Files beside an app's code that hold anything at all: each command reads past them, or says so in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.cli import run

if TYPE_CHECKING:
    from pathlib import Path

VERCEL = json.dumps({"crons": [{"path": "/api/cron/a", "schedule": "0 6 * * *"}]})
PYTHON = {
    "vercel.json": VERCEL,
    "api/index.py": 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/api/cron/a")\ndef a():\n    return {}\n',
}
NEXT = {
    "vercel.json": VERCEL,
    "package.json": json.dumps({"dependencies": {"next": "15.0.0", "inngest": "4.24.0"}}),
    "app/api/cron/a/route.ts": "export async function GET() { return Response.json({}) }\n",
}
BESIDE = (
    *("requirements.txt", "pyproject.toml", "Pipfile", "Pipfile.lock", "uv.lock", "poetry.lock"),
    *("package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "pnpm-workspace.yaml"),
    *("tsconfig.json", "jsconfig.json", ".prettierrc", "biome.json", ".editorconfig", "turbo.json"),
    *("next.config.ts", "middleware.ts", "node_modules/inngest/package.json", "render.yaml"),
    *(
        "node_modules/next/package.json",
        "node_modules/typescript/package.json",
        ".env",
        ".env.local",
    ),
    *(".vercel/project.json", ".vercel/repo.json", "prisma/schema.prisma", "drizzle.config.ts"),
    *(".github/workflows/a.yml", ".gitignore", "ruff.toml", "scripts/call.sh"),
)
TYPES: dict[str, Any] = {
    "version": [],
    "name": {},
    "dependencies": {"inngest": [], "next": 1, "fastapi": {}},
    "devDependencies": 1,
    "scripts": [],
    "workspaces": {"packages": 1},
    "packages": {"node_modules/inngest": []},
    "lockfileVersion": {},
    "projects": [1, {"id": []}],
    "projectId": {},
    "compilerOptions": {"paths": [], "baseUrl": 1},
    "extends": [1],
    "overrides": [{"files": 1, "options": []}],
    "formatter": 1,
}
HOSTILE = {
    "other types": json.dumps(TYPES).encode(),
    "only lists": json.dumps({key: [[]] for key in TYPES}).encode(),
    "nothing": b"null",
    "too deep": b"[" * 20_000,
    "no encoding": b"\xff\xfe\x00{",
    "a lone surrogate": b'{"version": "\\ud800", "name": "\\ud800", "dependencies": {"inngest": "\\ud800"}}',
    "toml of other types": b"[project]\nname = []\ndependencies = [1, {}]\n[tool]\npoetry = 1\n[[package]]\nname = 1\n",
    "yaml of other types": b"lockfileVersion: {}\npackages: []\nimporters: 1\non: 1\njobs: [1]\nservices: {}\n",
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("app", [PYTHON, NEXT], ids=["python", "next"])
def test_what_stands_beside_an_app_is_no_bug_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], app: dict[str, str], kind: str
) -> None:
    for name in {*BESIDE, *app}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(app[name].encode() if name in app else HOSTILE[kind])
    for words in (("migrate", "--dry-run", "--fix"), ("link", "--dry-run")):
        capsys.readouterr()
        code = run(["-C", str(tmp_path), *words, "--json"])
        document = json.loads(capsys.readouterr().out)
        assert code in {0, 1, 2, 3}
        assert document.get("error", {}).get("reason") != "bug", document
        assert "error" not in document or document["error"]["hint"], document

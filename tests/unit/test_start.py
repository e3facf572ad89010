"""What a start of the command loads, compiles and leaves undone: it is felt at every prompt."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.programs import HERE as PROGRAMS

import cronshift
from cronshift.runtime.lazy_pattern import LazyPattern, lazy_pattern

SOURCES = Path(cronshift.__file__).parent
NEVER = {  # what neither audit nor status needs: libraries, then rooms
    *("alembic", "fastapi", "httpx", "inngest", "jinja2", "jsonschema", "prometheus_client"),
    *("pydantic", "sqlalchemy", "tomlkit", "uvicorn", "yaml"),
    *("cronshift.engine.executor", "cronshift.engine.server", "cronshift.inngest_fns"),
    *("cronshift.moving.cutover", "cronshift.moving.evidence", "cronshift.moving.flows"),
    *("cronshift.sessions", "cronshift.targets.scaffold"),
}
FEW = 12  # a millisecond; the rest are ``lazy_pattern``s
DEPLOYED = ("cronshift/runtime/", "cronshift/errors.py")
"""What deployed apps import compiles at once: a request is no place to do so."""


@pytest.fixture(params=["audit", "status"], scope="module")
def cost(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What a start of a command costs in a project of one entry."""
    tmp_path = tmp_path_factory.mktemp("app")
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/a", "schedule": "0 6 * * *"}]}'
    )
    (tmp_path / "package.json").write_text('{"dependencies": {"next": "15.0.0"}}')
    (tmp_path / "cronshift.ownership.json").write_text('{"version": 1, "jobs": {}}')
    route = tmp_path / "app/api/a/route.ts"
    route.parent.mkdir(parents=True)
    route.write_text("export async function GET() {\n  return Response.json(await work());\n}\n")
    program = [sys.executable, PROGRAMS / "start_and_tell.py", request.param, tmp_path]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    cost: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
    return cost


def test_looking_loads_only_what_it_shows(cost: dict[str, Any]) -> None:
    assert "cronshift.plan.planning" in cost["modules"]
    assert not NEVER & set(cost["modules"])


def test_looking_compiles_few_patterns_before_it_uses_them(cost: dict[str, Any]) -> None:
    unasked = [file for file in cost["compiling"] if not file.startswith(DEPLOYED)]
    assert len(unasked) <= FEW, unasked


def test_the_end_of_a_command_looks_for_no_garbage(cost: dict[str, Any]) -> None:
    assert not cost["collects"]


def test_a_lazy_pattern_does_what_a_compiled_one_does() -> None:
    lazy, compiled = (
        lazy_pattern(r"(\w)=(\d)", re.MULTILINE),
        re.compile(r"(\w)=(\d)", re.MULTILINE),
    )
    text = "a=1 b=2"
    assert lazy.sub(r"\2", text) == compiled.sub(r"\2", text)
    assert lazy.findall(text) == compiled.findall(text)
    assert (lazy.pattern, lazy.flags) == (compiled.pattern, compiled.flags)
    assert lazy_pattern(b"a+").fullmatch(b"aa")
    with pytest.raises(AttributeError):
        _ = lazy.nothing  # type: ignore[attr-defined]


def test_every_lazy_pattern_is_a_regular_expression() -> None:
    using = [path for path in SOURCES.rglob("*.py") if "= lazy_pattern(" in path.read_text("utf-8")]
    patterns = [
        value
        for path in using
        for value in vars(import_module(_module_name(path))).values()
        if isinstance(value, LazyPattern)
    ]
    assert len(patterns) > len(using)
    assert all(isinstance(pattern.groups, int) for pattern in patterns)


def _module_name(path: Path) -> str:
    name = path.relative_to(SOURCES.parent).with_suffix("").as_posix().replace("/", ".")
    return name.removesuffix(".__init__")

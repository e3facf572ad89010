"""Routers without routes, and the lines of a log that only tell of a caller: they go with what they were for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.python.converting import convert
from cronshift.targets.direct.python.emptied import without_emptied

if TYPE_CHECKING:
    from pathlib import Path

ROUTER = "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
ROUTE = '@router.get("/x")\ndef x():\n    return 1\n'
WORK = "def x():\n    return 1\n"
APP = """from fastapi import FastAPI
{imported}

app = FastAPI()
{taken}
app.state.ready = True
"""
GONE = "from fastapi import FastAPI\n\napp = FastAPI()\napp.state.ready = True\n"


def emptied(root: Path, files: dict[str, str]) -> dict[str, str]:
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    before = SourceTree(root)
    after = before.with_text("routers/cron.py", files["routers/cron.py"].replace(ROUTE, WORK))
    return without_emptied(before, after, ["routers/cron.py"])


@pytest.mark.parametrize(
    ("imported", "taken"),
    [
        ("from routers import cron", 'app.include_router(cron.router, prefix="/cron")'),
        ("import routers.cron", "app.include_router(routers.cron.router)"),
        ("from routers.cron import router as cron_router", "app.include_router(cron_router)"),
        ("from routers import cron_router", "app.include_router(cron_router)"),
    ],
)
def test_a_router_without_routes_goes(tmp_path: Path, imported: str, taken: str) -> None:
    files = {
        "main.py": APP.format(imported=imported, taken=taken),
        "routers/__init__.py": "from .cron import router as cron_router\n",
        "routers/cron.py": ROUTER + ROUTE,
    }
    after = emptied(tmp_path, files)
    assert after["routers/cron.py"] == WORK
    assert after["routers/__init__.py"] == ""
    assert after["main.py"] == GONE


@pytest.mark.parametrize(
    ("imported", "taken", "router"),
    [
        (
            "from routers import cron",
            "for each in [cron]:\n    app.include_router(each.router)",
            "",
        ),
        ("from routers.cron import *", "app.include_router(router)", ""),
        ("from importlib import import_module", 'take(app, import_module("routers.cron"))', ""),
        ("from routers import cron", "app.include_router(cron.router)", '__all__ = ["router"]\n'),
        (
            "from routers import cron",
            "app.include_router(cron.router)",
            '\n\n@router.post("/y")\ndef y():\n    return 2\n',
        ),
    ],
)
def test_a_router_that_is_used_in_another_way_stays(
    tmp_path: Path, imported: str, taken: str, router: str
) -> None:
    files = {
        "main.py": APP.format(imported=imported, taken=taken),
        "routers/__init__.py": "",
        "routers/cron.py": f"{ROUTER}{ROUTE}{router}",
    }
    assert emptied(tmp_path, files) == {}


TOLD = """import os

from fastapi import FastAPI, Header, HTTPException

app = FastAPI()


@app.get("/x")
def x(authorization: str = Header(None)):
    {line}
    if authorization != f"Bearer {os.environ['CRON_SECRET']}":
        raise HTTPException(status_code=401)
    return {"x": 1}
"""


@pytest.mark.parametrize(
    ("line", "is_gone"),
    [
        ('logger.info(f"asked with {bool(authorization)}")', True),
        ('logger.info("asked at %s", authorization, clock())', False),
    ],
)
def test_a_line_of_the_log_that_tells_of_the_caller_goes_with_the_check(
    tmp_path: Path, line: str, *, is_gone: bool
) -> None:
    (tmp_path / "main.py").write_text(TOLD.replace("{line}", line))
    work = convert(SourceTree(tmp_path), "main.py", Entry("/x", "0 6 * * *"), "app", "main.py")
    assert isinstance(work, Converted) is is_gone
    if isinstance(work, Converted):
        assert work.text.endswith('def x():\n    return {"x": 1}\n')

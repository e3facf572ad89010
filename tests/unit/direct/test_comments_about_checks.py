"""Comments right above a check of the caller: those about it go with it, whichever language they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.javascript.converting import convert
from cronshift.targets.direct.python.converting import convert as convert_python

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Entry("/api/cron/x", "0 6 * * *")
ROUTE = """export async function GET(request: Request) {{
  // {comment}
  if (request.headers.get("authorization") !== `Bearer ${{process.env.CRON_SECRET}}`) {{
    return Response.json({{}}, {{ status: 401 }});
  }}

  return Response.json({{ rows: await sweep() }});
}}
"""
PYTHON = """import os
from fastapi import FastAPI, HTTPException, Request

app = FastAPI()


@app.get("/api/cron/x")
def x(request: Request):
    # {comment}
    if request.headers.get("authorization") != f"Bearer {{os.environ['CRON_SECRET']}}":
        raise HTTPException(401)

    return {{"rows": 1}}
"""
OF_CHECKS = (
    "Verify the caller",
    "Check who asks",
    "Only Vercel may ask",
    "Security first",
    "呼び出し元の検証",
    "호출자 인증",
    "验证请求来源",
    "Vérifie l'appel",
    "Autenticación del cron",
    "Anfrage prüfen",
    "Проверка вызова",
)
OF_WORK = ("Sweeps what nobody wants", "古い行を消す", "오래된 행 삭제", "Löscht alte Zeilen")


@pytest.mark.parametrize("comment", [*OF_CHECKS, *OF_WORK])
def test_a_comment_goes_with_the_check_that_it_speaks_of(tmp_path: Path, comment: str) -> None:
    file = tmp_path / "app/api/cron/x/route.ts"
    file.parent.mkdir(parents=True)
    file.write_text(ROUTE.format(comment=comment))
    there = convert(SourceTree(tmp_path), "app/api/cron/x/route.ts", "GET", ENTRY)
    assert isinstance(there, Converted), there
    assert (comment in there.text) is (comment in OF_WORK)


@pytest.mark.parametrize("comment", [*OF_CHECKS, *OF_WORK])
def test_so_it_does_in_python(tmp_path: Path, comment: str) -> None:
    (tmp_path / "main.py").write_text(PYTHON.format(comment=comment))
    there = convert_python(SourceTree(tmp_path), "main.py", ENTRY)
    assert isinstance(there, Converted), there
    assert (comment in there.text) is (comment in OF_WORK)

"""What Python's threads, pools and tables of functions run: an error there is heard by who asks for the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding

VERCEL = '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/main.py"}]}'
APP = """import os, threading
from concurrent.futures import ThreadPoolExecutor, as_completed
import requests
from flask import Flask, request

app = Flask(__name__)


def work(row):
    requests.post("https://e.example", json=row).raise_for_status()


def quiet(row):
    try:
        work(row)
    except Exception as error:
        print(error)


@app.get("/api/cron/x")
def x():
    if request.headers.get("Authorization") != f"Bearer {os.environ['CRON_SECRET']}":
        return "no", 401
    rows = requests.get("https://rows.example").json()
    {body}
    return "done"
"""
POOL = "with ThreadPoolExecutor() as pool:\n        "
KEYS = "futures = {pool.submit(work, row): row for row in rows}\n        for future in as_completed(futures):\n            "
CASES: dict[str, tuple[str, set[str]]] = {
    "a pool whose work swallows": (POOL + "[pool.submit(quiet, row) for row in rows]", {"CS204"}),
    "a result that nobody asks for": (POOL + "[pool.submit(work, row) for row in rows]", {"CS204"}),
    "results that are asked for": (
        POOL
        + "begun = [pool.submit(work, row) for row in rows]\n        for future in begun:\n            future.result()",
        set(),
    ),
    "results as they come": (POOL + KEYS + "future.result()", set()),
    "results that are caught": (
        POOL
        + KEYS
        + "try:\n                future.result()\n            except Exception as error:\n                print(error)",
        {"CS204"},
    ),
    "work that swallows, of a map": (POOL + "list(pool.map(quiet, rows))", {"CS204"}),
    "a map that throws": (POOL + "list(pool.map(work, rows))", set()),
    "a pool that nobody waits for": ("ThreadPoolExecutor().submit(work, rows)", {"CS201"}),
    "a thread that is joined": (
        "thread = threading.Thread(target=work, args=(rows,))\n    thread.start()\n    thread.join()",
        {"CS204"},
    ),
    "a thread that is not": ("threading.Thread(target=work, args=(rows,)).start()", {"CS201"}),
    "a map of Python's own": ("list(map(quiet, rows))", {"CS204"}),
    "functions of a table": (
        "jobs = {'all': quiet}\n    for name, job in jobs.items():\n        job(rows)",
        {"CS204"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_are_told(told: Callable[..., list[Finding]], name: str) -> None:
    body, codes = CASES[name]
    files = {
        "vercel.json": VERCEL,
        "requirements.txt": "flask\n",
        "main.py": APP.replace("{body}", body),
    }
    watched = {"CS201", "CS202", "CS203", "CS204", "CS205"}
    assert {finding.code for finding in told(files)} & watched == codes

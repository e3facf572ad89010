"""What an app does at its start and around requests: what a job would miss holds it back, the rest does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.python.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

FASTAPI = """from fastapi import FastAPI

app = FastAPI()


@app.get("/api/cron/x")
def x():
    return {"ok": True}


"""
FLASK = """from flask import Flask, abort, g, request

app = Flask(__name__)


@app.route("/api/cron/x")
def x():
    return {"ok": True}


"""
STARTING = FASTAPI.replace("FastAPI()", "FastAPI(lifespan=lifespan)")
MIDDLEWARE = """@app.middleware("http")
async def around(request, call_next):
    {}
"""
CLASS = """class Around(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        {}


app.add_middleware(Around)
"""


def kept(root: Path, text: str, *, mounted: bool) -> str | None:
    (root / "main.py").write_text(text)
    entry = Entry("/api/cron/x", "0 6 * * *")
    outcome = convert(SourceTree(root), "main.py", entry, "app", "main.py", is_mounted=mounted)
    return None if isinstance(outcome, Converted) else outcome.why


@pytest.mark.parametrize(
    "text",
    [
        STARTING,
        FASTAPI + '@app.on_event("startup")\ndef start():\n    connect()\n',
        FASTAPI
        + MIDDLEWARE.format(
            "tenant.set(request.headers.get('t'))\n    return await call_next(request)"
        ),
        FASTAPI
        + MIDDLEWARE.format(
            "if request.url.path.startswith('/api/cron'):\n        return await call_next(request)\n"
            "    if not allowed(request):\n        return JSONResponse({}, status_code=401)\n"
            "    return await call_next(request)"
        ),
        FASTAPI
        + MIDDLEWARE.format(
            "if request.url.path == '/health':\n        return JSONResponse({})\n    return await call_next(request)"
        ),
        FASTAPI
        + CLASS.format(
            "try:\n            return await call_next(request)\n        except Exception:\n"
            "            return JSONResponse({}, status_code=500)"
        ),
    ],
)
def test_an_app_that_serves_the_functions_does_the_same_around_them(
    tmp_path: Path, text: str
) -> None:
    assert kept(tmp_path, text, mounted=True) is None
    assert kept(tmp_path, text, mounted=False) is not None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            FASTAPI + MIDDLEWARE.format("return JSONResponse({})"),
            "answers in the place of its routes",
        ),
        (
            FASTAPI
            + MIDDLEWARE.format("async with session():\n        return await call_next(request)"),
            "answers every request inside of session()",
        ),
        (
            FASTAPI
            + MIDDLEWARE.format(
                "response = await call_next(request)\n    db.commit()\n    return response"
            ),
            "calls commit around every request",
        ),
        (
            FASTAPI
            + MIDDLEWARE.format(
                "if request.url.path.startswith('/api/cron'):\n        await open_tenant()\n    return await call_next(request)"
            ),
            "does more for the path of the job",
        ),
        (
            FASTAPI
            + CLASS.format(
                "try:\n            return await call_next(request)\n        except DomainError:\n"
                "            return JSONResponse({}, status_code=409)"
            ),
            "runs Around, which has a way of its own with DomainError of its routes (main.py:16)",
        ),
        (FASTAPI + "app.add_middleware(Unknown)\n", "runs Unknown around every request"),
        (
            FASTAPI + "app.add_exception_handler(DomainError, answered)\n",
            "answers DomainError in a way of its own",
        ),
        (
            FASTAPI.replace("FastAPI()", "FastAPI(dependencies=[Depends(opened)])"),
            "asks more of every request (FastAPI)",
        ),
        (
            FLASK + "@app.before_request\ndef before():\n    db.connect()\n",
            "prepares something before every request",
        ),
        (
            FLASK
            + "@app.before_request\ndef before():\n    g.user = user()\n\n\ndef name():\n    return g.user\n",
            "puts g.user where the work may read it",
        ),
        (
            FLASK + "@app.teardown_request\ndef after(error):\n    db.close()\n",
            "does something of its own around requests (teardown_request)",
        ),
    ],
)
def test_what_a_job_would_miss_holds_it_back(tmp_path: Path, text: str, why: str) -> None:
    assert kept(tmp_path, text, mounted=True) == why


@pytest.mark.parametrize(
    "text",
    [
        FASTAPI + "app.add_middleware(CORSMiddleware, allow_origins=[])\n",
        FASTAPI
        + MIDDLEWARE.format(
            "request.state.id = str(uuid4())\n    response = await call_next(request)\n    return response"
        ),
        FASTAPI + "app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)\n",
        "from mangum import Mangum\n" + FASTAPI + 'handler = Mangum(app, lifespan="off")\n',
        FLASK + "@app.teardown_appcontext\ndef after(error):\n    db.remove()\n",
        FLASK
        + "@app.before_request\ndef before():\n    g.start = time()\n    if not request.headers.get('key'):\n        abort(401)\n",
        FLASK + "admin = Blueprint('admin', __name__)\n",
    ],
)
def test_what_changes_nothing_for_a_job_is_no_reason(tmp_path: Path, text: str) -> None:
    assert kept(tmp_path, text, mounted=False) is None


def test_what_is_done_around_another_blueprint_is_no_reason(tmp_path: Path) -> None:
    (tmp_path / "admin.py").write_text(
        "from flask import Blueprint\n\nadmin = Blueprint('admin', __name__)\n\n\n"
        "@admin.before_request\ndef before():\n    db.connect()\n"
    )
    assert kept(tmp_path, f"from admin import admin\n{FLASK}", mounted=False) is None
    (tmp_path / "admin.py").write_text(
        (tmp_path / "admin.py").read_text().replace(".before_", ".before_app_")
    )
    assert kept(tmp_path, f"from admin import admin\n{FLASK}", mounted=False) is not None

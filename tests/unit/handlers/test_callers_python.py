"""Who may call a Python handler: dependencies, decorators, hooks and settings are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

FASTAPI = """import os
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
{head}
@app.get("/api/cron/x")
async def x({given}):
    await send_reports()
    return {{"ok": True}}

async def send_reports(): ...
"""
CHECK = """def check(request: Request):
    secret = os.environ.get("CRON_SECRET")
    if not secret or request.headers.get("authorization") != f"Bearer {secret}":
        raise HTTPException(status_code=401)
"""
CASES: dict[str, tuple[str, str, str]] = {
    "nobody is checked": ("fastapi", FASTAPI.format(head="app = FastAPI()", given=""), "none"),
    "the app depends on it": (
        "fastapi",
        FASTAPI.format(head=f"{CHECK}app = FastAPI(dependencies=[Depends(check)])", given=""),
        "cron-secret",
    ),
    "a scheme in any case": (
        "fastapi",
        FASTAPI.format(
            head='app = FastAPI()\ndef given(request):\n    sent = request.headers.get("authorization", "")\n    return sent[7:].strip() if sent.lower().startswith("bearer ") else ""\ndef check(request: Request):\n    secret = os.environ.get("CRON_SECRET")\n    if not secret or given(request) != secret:\n        raise HTTPException(401)\n',
            given="allowed = Depends(check)",
        ),
        "cron-secret",
    ),
    "a scheme of bearers": (
        "fastapi",
        FASTAPI.format(
            head='app = FastAPI()\nscheme = HTTPBearer()\ndef check(given: HTTPAuthorizationCredentials = Depends(scheme)):\n    if given.credentials != os.environ["CRON_SECRET"]:\n        raise HTTPException(403)\n',
            given="allowed = Depends(check)",
        ),
        "cron-secret",
    ),
    "settings that need the secret": (
        "fastapi",
        FASTAPI.format(
            head='from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    cron_secret: str\nsettings = Settings()\napp = FastAPI()\ndef check(authorization: str = Header("")):\n    if authorization != f"Bearer {settings.cron_secret}":\n        raise HTTPException(401)\n',
            given="allowed = Depends(check)",
        ),
        "cron-secret",
    ),
    "settings of a file and of the environment in one": (
        "fastapi",
        FASTAPI.format(
            head='app = FastAPI()\ndef load():\n    values = {}\n    for line in open(".env"):\n        values[line[:3]] = line[3:]\n    merged = {**values, **os.environ}\n    return {"secret": merged.get("CRON_SECRET", "").strip()}\ndef check(request: Request):\n    secret = load().get("secret", "")\n    if not secret or request.headers.get("authorization") != f"Bearer {secret}":\n        raise HTTPException(401)\n',
            given="allowed = Depends(check)",
        ),
        "cron-secret",
    ),
    "a User-Agent, where no secret is set": (
        "fastapi",
        FASTAPI.format(
            head='app = FastAPI()\ndef lets_by(request):\n    secret = os.environ.get("CRON_SECRET", "")\n    if secret:\n        return request.headers.get("authorization") == f"Bearer {secret}"\n    return request.headers.get("user-agent") == "vercel-cron/1.0"\ndef check(request: Request):\n    if not lets_by(request):\n        raise HTTPException(401)\n',
            given="allowed = Depends(check)",
        ),
        "fail-open",
    ),
    "the hour of the day alone, whoever calls": (
        "fastapi",
        FASTAPI.format(
            head="from datetime import datetime\napp = FastAPI()\ndef within():\n    now = datetime.now()\n    if now.hour < 6 or now.hour > 7:\n        raise HTTPException(403)\n",
            given="allowed = Depends(within)",
        ),
        "none",
    ),
    "a check that is not here": (
        "fastapi",
        FASTAPI.format(
            head="from acme import allowed\napp = FastAPI()\ndef within():\n    if not allowed():\n        raise HTTPException(403)\n",
            given="known = Depends(within)",
        ),
        "",
    ),
    "settings that do not": (
        "fastapi",
        FASTAPI.format(
            head='from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    cron_secret: str | None = None\nsettings = Settings()\napp = FastAPI()\ndef check(authorization: str = Header("")):\n    if authorization != f"Bearer {settings.cron_secret}":\n        raise HTTPException(401)\n',
            given="allowed = Depends(check)",
        ),
        "bearer-undefined",
    ),
    "the hour of the day is asked, and nobody": (
        "fastapi",
        FASTAPI.format(
            head='from jobs.clock import hour\napp = FastAPI()\ndef within():\n    now = {"hour": 3}\n    if now["hour"] < 6:\n        raise HTTPException(403)\n',
            given="allowed = Depends(within)",
        ),
        "none",
    ),
    "a secret that the code says": (
        "fastapi",
        FASTAPI.format(
            head='app = FastAPI()\nSECRET = os.getenv("CRON_SECRET", "let-me-in")\ndef check(authorization: str = Header(None)):\n    if not authorization:\n        raise HTTPException(401)\n    if authorization != f"Bearer {SECRET}":\n        raise HTTPException(403)\n',
            given="allowed = Depends(check)",
        ),
        "written-secret",
    ),
    "a middleware that is added asks": (
        "fastapi",
        FASTAPI.format(
            head='from starlette.middleware.base import BaseHTTPMiddleware\nfrom starlette.responses import JSONResponse\n\nclass Asked(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n        secret = os.environ["CRON_SECRET"]\n        if request.headers.get("authorization") != f"Bearer {secret}":\n            return JSONResponse({}, status_code=401)\n        return await call_next(request)\n\napp = FastAPI()\napp.add_middleware(Asked)\n',
            given="",
        ),
        "cron-secret",
    ),
    "a middleware of a package is added": (
        "fastapi",
        FASTAPI.format(
            head="from fastapi.middleware.cors import CORSMiddleware\napp = FastAPI()\napp.add_middleware(CORSMiddleware, allow_origins=[])\n",
            given="",
        ),
        "none",
    ),
    "the hour of the day is asked behind a middleware of a package": (
        "fastapi",
        FASTAPI.format(
            head='from fastapi.middleware.cors import CORSMiddleware\nfrom jobs.clock import hour\napp = FastAPI()\napp.add_middleware(CORSMiddleware, allow_origins=[])\ndef within():\n    now = {"hour": 3}\n    if now["hour"] < 6:\n        raise HTTPException(403)\n',
            given="allowed = Depends(within)",
        ),
        "none",
    ),
    "a middleware of a package that may ask is added": (
        "fastapi",
        FASTAPI.format(
            head="from acme.web import KeyAuthMiddleware\napp = FastAPI()\napp.add_middleware(KeyAuthMiddleware)\n",
            given="",
        ),
        "",
    ),
    "another header": (
        "fastapi",
        FASTAPI.format(
            head='app = FastAPI()\ndef check(x_cron_key: str = Header("")):\n    secret = os.environ["CRON_SECRET"]\n    if x_cron_key != secret:\n        raise HTTPException(401)\n',
            given="allowed = Depends(check)",
        ),
        "wrong-credential",
    ),
    "Flask asks before every request": (
        "flask",
        'import os\nfrom flask import Flask, abort, request\napp = Flask(__name__)\n\n@app.before_request\ndef check():\n    secret = os.environ.get("CRON_SECRET")\n    if not secret or request.headers.get("Authorization") != f"Bearer {secret}":\n        abort(401)\n\n@app.get("/api/cron/x")\ndef x():\n    send_reports()\n    return {"ok": True}\n\ndef send_reports(): ...\n',
        "cron-secret",
    ),
    "a decorator of the project's, open while unset": (
        "flask",
        'import os\nfrom functools import wraps\nfrom flask import Flask, jsonify, request\napp = Flask(__name__)\n\ndef checked(view):\n    @wraps(view)\n    def inner(*args, **kwargs):\n        secret = os.getenv("CRON_SECRET")\n        if secret and request.headers.get("Authorization") != f"Bearer {secret}":\n            return jsonify(error="no"), 401\n        return view(*args, **kwargs)\n    return inner\n\n@app.get("/api/cron/x")\n@checked\ndef x():\n    send_reports()\n    return {"ok": True}\n\ndef send_reports(): ...\n',
        "fail-open",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_who_may_call_is_told(audited: Callable[..., Plan], name: str) -> None:
    framework, text, auth = CASES[name]
    (job,) = audited({"requirements.txt": f"{framework}\n", "main.py": text}).jobs
    assert job.handler is not None
    assert (job.handler.auth or "") == auth

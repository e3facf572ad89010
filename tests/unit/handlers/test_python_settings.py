"""Who may call a Python handler, where its secret comes from the settings of its framework or of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding, Plan

VERCEL = '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/main.py"}]}'
FLASK = """import os
from acme import mail, vault
from flask import Flask, Blueprint, current_app, jsonify, request
{head}
app = Flask(__name__)
{setting}

@app.get("/api/cron/x")
def x():
    expected = {read}
    if not expected:
        return jsonify(error="closed"), 503
    if request.headers.get("Authorization", "") != f"Bearer {{expected}}":
        return jsonify(error="no"), 401
    mail.send_all()
    return jsonify(ok=True)
"""
CLASS = 'class Config:\n    CRON_SECRET = os.environ.get("CRON_SECRET")\nclass TestingConfig(Config):\n    CRON_SECRET = "only-for-tests-and-long"\n'
GET = 'current_app.config.get("CRON_SECRET")'


@pytest.mark.parametrize(
    ("setting", "read", "auth"),
    [
        ("app.config.from_object(Config)", GET, "cron-secret"),
        ("app.config.from_object(Config)", 'current_app.config["CRON_SECRET"]', "cron-secret"),
        ('app.config["CRON_SECRET"] = os.getenv("CRON_SECRET")', GET, "cron-secret"),
        ('app.config.from_mapping(CRON_SECRET=os.getenv("CRON_SECRET"))', GET, "cron-secret"),
        ("app.config.from_prefixed_env()", 'current_app.config.get("OTHER_SECRET")', ""),
        ("", 'vault.read("cron")', ""),
    ],
)
def test_a_setting_of_flask_is_the_secret(
    audited: Callable[..., Plan], setting: str, read: str, auth: str
) -> None:
    text = FLASK.format(head=CLASS if "Config" in setting else "", setting=setting, read=read)
    (job,) = audited({"vercel.json": VERCEL, "requirements.txt": "flask\n", "main.py": text}).jobs
    assert job.handler is not None
    assert (job.handler.auth or "") == auth


FASTAPI = """from acme import mail
from fastapi import FastAPI, HTTPException, Request
{head}
app = FastAPI()

@app.get("/api/cron/x")
def x(request: Request):
    if request.headers.get("authorization") != f"Bearer {{SECRET}}":
        raise HTTPException(401)
    mail.send_all()
    return {{"ok": True}}
"""


@pytest.mark.parametrize(
    ("head", "auth"),
    [
        ('from decouple import config\nSECRET = config("CRON_SECRET")\n', "cron-secret"),
        ('from decouple import config\nSECRET = config("CRON_SECRET", None)\n', "bearer-undefined"),
        ('from environs import Env\nSECRET = Env().str("CRON_SECRET")\n', "cron-secret"),
        ('from environs import Env\nSECRET = Env()("CRON_SECRET", None)\n', "bearer-undefined"),
        ('import environ\nSECRET = environ.Env()("CRON_SECRET", str)\n', "cron-secret"),
        ('from starlette.config import Config\nSECRET = Config(".env")("CRON_SECRET", str)\n', "cron-secret"),
        ('from starlette.config import Config\nSECRET = Config()("CRON_SECRET", str, None)\n', "bearer-undefined"),
    ],
)  # fmt: skip
def test_a_reader_refuses_what_is_missing_and_has_no_default(
    audited: Callable[..., Plan], head: str, auth: str
) -> None:
    text = FASTAPI.format(head=head)
    (job,) = audited({"vercel.json": VERCEL, "requirements.txt": "fastapi\n", "main.py": text}).jobs
    assert job.handler is not None
    assert job.handler.auth == auth


IMPORTING = """import os
from fastapi import FastAPI
app = FastAPI()

@app.get("/api/cron/x")
def x():
    if os.getenv("ENABLED", "").lower() not in ("1", "yes"):
        return {{"skipped": True}}
    {imported}
    {called}
    return {{"ok": True}}
"""
WORK = "from acme import mail\ndef work():\n    try:\n        mail.send_all()\n    except Exception as error:\n        print(error)\n"


@pytest.mark.parametrize(
    ("imported", "called"),
    [
        ("from jobs.daily import work", "work()"),
        ("from jobs.daily import work as run", "run()"),
        ("from jobs import daily", "daily.work()"),
        ("import jobs.daily as daily", "daily.work()"),
    ],
)
def test_what_a_function_imports_itself_is_followed(
    told: Callable[..., list[Finding]], imported: str, called: str
) -> None:
    text = IMPORTING.format(imported=imported, called=called)
    files = {"vercel.json": VERCEL, "requirements.txt": "fastapi\n", "main.py": text}
    findings = told({**files, "jobs/__init__.py": "", "jobs/daily.py": WORK})
    places = {str(finding.location) for finding in findings if finding.code == "CS204"}
    assert places == {"jobs/daily.py:5"}

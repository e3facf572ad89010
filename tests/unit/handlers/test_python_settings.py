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
WRAPPED = """from inner import app as whole

async def app(scope, receive, send):
    if scope["path"].startswith("/api"):
        scope = dict(scope, path=scope["path"][4:])
    await whole(scope, receive, send)
"""


def test_an_asgi_function_that_hands_on_tells_nothing_of_its_callers(
    audited: Callable[..., Plan],
) -> None:
    inner = FASTAPI.format(head='SECRET = "x"\n')
    files = {"vercel.json": VERCEL, "requirements.txt": "fastapi\n", "inner.py": inner}
    plan = audited({**files, "main.py": WRAPPED})
    assert not {finding.code for finding in plan.findings} & {"CS206", "CS301"}


ANSWERING = """from acme import mail
from fastapi import FastAPI
from pydantic import BaseModel
app = FastAPI()

class Outcome(BaseModel):
    sent: int
    errors: dict = {{}}

@app.get("/api/cron/x")
def x() -> Outcome:
    errors = {{}}
    for name in ("a", "b"):
        try:
            mail.send(name)
        except Exception as error:
            {caught}
    return Outcome(sent=1, errors=errors)
"""


@pytest.mark.parametrize(
    ("caught", "code"), [("errors[name] = str(error)", "CS205"), ("print(error)", "CS204")]
)
def test_a_model_that_is_answered_tells_what_it_is_made_of(
    told: Callable[..., list[Finding]], caught: str, code: str
) -> None:
    text = ANSWERING.format(caught=caught)
    files = {"vercel.json": VERCEL, "requirements.txt": "fastapi\n", "main.py": text}
    codes = {finding.code for finding in told(files)}
    assert codes & {"CS204", "CS205"} == {code}


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


CHECKING = """from fastapi import FastAPI, HTTPException, Request
from shop_settings import get_settings
from acme import mail
app = FastAPI()

@app.get("/api/cron/x")
def x(request: Request):
    if request.headers.get("authorization") != f"Bearer {get_settings().cron_secret}":
        raise HTTPException(401)
    mail.send_all()
    return {"ok": True}
"""
SHOP = "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    cron_secret: str\ndef get_settings():\n    return Settings()\n"


@pytest.mark.parametrize(
    ("files", "auth"),
    [
        ({"packages/core/src/shop_settings/__init__.py": SHOP}, "cron-secret"),
        ({"packages/core/shop_settings/__init__.py": SHOP}, "cron-secret"),
        ({"packages/core/shop_settings/__init__.py": SHOP, "packages/old/shop_settings.py": ""}, ""),
        ({"packages/core/other/shop_settings/__init__.py": SHOP}, ""),
    ],
)  # fmt: skip
def test_settings_of_another_package_of_the_workspace_are_read(
    audited: Callable[..., Plan], files: dict[str, str], auth: str
) -> None:
    """Where a distribution keeps its modules, unless two have one of that name."""
    manifests = {f"packages/{name}/pyproject.toml": "" for name in ("core", "old")}
    own = {"vercel.json": VERCEL, "requirements.txt": "fastapi\n", "main.py": CHECKING}
    (job,) = audited({**own, **manifests, **files}).jobs
    assert job.handler is not None
    assert (job.handler.auth or "") == auth


TABLE = """from http.server import BaseHTTPRequestHandler
import os
from acme import mail

def send(request):
    if request.headers.get("Authorization") != "Bearer " + os.environ["CRON_SECRET"]:
        request.send_response(401)
        return
    mail.send_all()
    request.send_response(200)

def nothing(request):
    request.send_response(200)

ROUTES = {("GET", "/api/cron/x"): send, ("GET", "/api/cron/y"): nothing}

class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        view = ROUTES.get((self.command, self.path))
        if view is None:
            self.send_response(404)
            return
        view(self)
"""


def test_a_table_by_method_and_path_is_followed(audited: Callable[..., Plan]) -> None:
    (job,) = audited({"api/cron/x.py": TABLE}).jobs
    assert job.handler is not None
    assert job.handler.auth == "cron-secret"

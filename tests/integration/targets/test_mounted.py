"""Functions served by the app itself, in the frameworks of Inngest's documentation, really asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.programs import HERE as PROGRAMS

from cronshift.engine.validation import inspect_package
from cronshift.moving.migration import prepare_migration
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.readiness.checking import facts_of
from cronshift.runtime.dead_letters import DeadLetter
from cronshift.runtime.dead_letters import as_document as letter_document
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus, as_document
from cronshift.runtime.store.dead_letters import DeadLetters
from cronshift.runtime.store.ledger import read_ledger

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ROUTE = "/api/cron/mail"
FASTAPI = f"""from fastapi import FastAPI

app = FastAPI()


@app.get("{ROUTE}")
def mail() -> dict[str, bool]:
    return {{"sent": True}}
"""
FLASK = f"""from flask import Flask

app = Flask(__name__)


@app.get("{ROUTE}")
def mail():
    return {{"sent": True}}
"""
DJANGO = {
    "api/index.py": """import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
app = get_wsgi_application()
""",
    "shop/__init__.py": "",
    "shop/settings.py": 'SECRET_KEY = "x"\nALLOWED_HOSTS = ["*"]\nROOT_URLCONF = "shop.urls"\n',
    "shop/urls.py": f"""from django.http import JsonResponse
from django.urls import path


def mail(request):
    return JsonResponse({{"sent": True}})


urlpatterns = [path("{ROUTE[1:]}", mail)]
""",
}


def project(root: Path, files: dict[str, str], package: str, serve: str | None = "app") -> Path:
    said = f'serve = "{serve}"\n' if serve else ""
    documents = {
        "vercel.json": json.dumps(
            {
                "crons": [{"path": ROUTE, "schedule": "0 3 * * *"}],
                "rewrites": [{"source": "/(.*)", "destination": "/api/index"}],
            }
        ),
        "requirements.txt": f"{package}\n",
        "cronshift.toml": f'[project]\napp_id = "shop"\n{said}',
        **files,
    }
    for name, text in documents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def migrated(root: Path, *, fix: bool = False) -> None:
    apply(root, prepare_migration(load_project(root), (), NOW, fix=fix).operation)


def answer(root: Path, code: str = "R503") -> tuple[str, str]:
    loaded = load_project(root)
    facts = facts_of(loaded, make_plan(loaded), NOW)
    (fact,) = [fact for fact in facts if fact.kind.code == code]
    return fact.answer.value, fact.message


def asked(root: Path, *told: str, **variables: str) -> list[tuple[int, bool, str]]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("INNGEST", "DJANGO"))}
    done = subprocess.run(
        [sys.executable, PROGRAMS / "call_mounted_app.py", ROUTE, *told],
        cwd=root,
        env=environ | {"CRON_SECRET": "s3cret"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [tuple(one) for one in json.loads(done.stdout.splitlines()[-1])]


@pytest.mark.parametrize(
    ("files", "package"),
    [
        ({"api/index.py": FASTAPI}, "fastapi"),
        ({"api/index.py": FLASK}, "flask"),
        (DJANGO, "django"),
    ],
)
@pytest.mark.parametrize("fix", [False, True])
def test_the_app_serves_its_own_routes_and_the_functions(
    tmp_path: Path, files: dict[str, str], package: str, fix: bool
) -> None:
    root = project(tmp_path, files, package)
    assert answer(root)[0] == "known-bad"
    migrated(root, fix=fix)
    assert answer(root)[0] == "known-good"
    inngest, tells, mail, _ = asked(root, INNGEST_DEV="1")
    assert (inngest[0], inngest[1]) == (200, True)
    assert '"function_count"' in inngest[2]
    assert (tells[0], "ownership" in json.loads(tells[2])) == (200, True)
    assert (mail[0], json.loads(mail[2])) == (200, {"sent": True})
    *_, stale = asked(root, INNGEST_SIGNING_KEY="signkey-test-00ff")
    assert (stale[0], json.loads(stale[2])) == (401, {"message": "Unauthorized"})
    assert inspect_package(root, "inngest_app").count == 2
    again = prepare_migration(load_project(root), (), NOW, fix=fix)
    assert again.operation.images == ()


@pytest.mark.parametrize(
    ("files", "package"),
    [
        ({"api/index.py": FASTAPI}, "fastapi"),
        ({"api/index.py": FLASK}, "flask"),
        (DJANGO, "django"),
    ],
    ids=["fastapi", "flask", "django"],
)
def test_the_app_takes_in_what_others_tell_the_ledger(
    tmp_path: Path, files: dict[str, str], package: str
) -> None:
    root = project(tmp_path / "app", files, package)
    migrated(root, fix=True)
    record = TickRecord(
        job="mail",
        tick=NOW,
        side=Side.VERCEL,
        owner="vercel",
        role=Role.ACTED,
        arrived=NOW,
        status=TickStatus.COMPLETED,
        run_id="vercel-1",
    )
    letter = DeadLetter(
        run_id="01RUN",
        job="mail",
        status=TickStatus.FAILED,
        tick=NOW,
        event="inngest/scheduled.timer",
        event_id="01EVENT",
        error="it broke",
        died=NOW,
    )
    told = json.dumps(
        [
            ("ticks", "s3cret", [as_document(record)]),
            ("ticks", "s3cret", [{"job": "mail"}]),
            ("dead-letter", "s3cret", letter_document(letter)),
            ("ticks", "another", [as_document(record)]),
        ]
    )
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    *_, taken, odd, buried, stranger = asked(root, told, INNGEST_DEV="1", CRONSHIFT_LEDGER_URL=url)
    assert (taken[0], odd[0], buried[0]) == (202, 400, 202)
    assert stranger[0] >= 400  # it reaches the SDK, which knows no such call
    assert read_ledger(url, NOW, NOW + timedelta(minutes=1)) == [record]
    letters = DeadLetters.open(url)
    assert [each.run_id for each in letters.of_job("mail")] == ["01RUN"]
    letters.close()
    *_, nowhere = asked(root, json.dumps([("ticks", "s3cret", [])]), INNGEST_DEV="1")
    assert nowhere[0] == 404


def test_the_guard_itself_stands_in_nobodys_way(tmp_path: Path) -> None:
    root = project(tmp_path, {"api/index.py": FASTAPI}, "fastapi")
    migrated(root, fix=True)
    assert "add_middleware(guard.asgi)" in (root / "api/index.py").read_text()
    assert answer(root, "R102")[0] == "known-good"


def test_a_worker_of_its_own_leaves_the_app_alone(tmp_path: Path) -> None:
    root = project(tmp_path, {"api/index.py": FASTAPI}, "fastapi", serve="worker")
    migrated(root)
    assert answer(root)[0] == "known-good"
    assert not (root / "inngest_app/mount.py").exists()
    assert (root / "api/index.py").read_text() == FASTAPI


def test_unasked_the_app_serves_the_functions_where_it_can(tmp_path: Path) -> None:
    root = project(tmp_path, {"api/index.py": FASTAPI}, "fastapi", serve=None)
    migrated(root)
    assert "mount(app)" in (root / "api/index.py").read_text()
    assert answer(root) == ("known-good", "api/index.py serves the functions at /api/inngest.")


def test_unasked_an_app_that_never_gets_inngests_calls_has_a_worker(tmp_path: Path) -> None:
    root = project(tmp_path, {"api/cron/mail.py": FASTAPI}, "fastapi", serve=None)
    only_mail = {"crons": [{"path": ROUTE, "schedule": "0 3 * * *"}]}
    (root / "vercel.json").write_text(json.dumps(only_mail))
    migrated(root)
    assert not (root / "inngest_app/mount.py").exists()
    assert answer(root)[0] == "known-good"


def test_a_worker_that_is_there_already_stays_one(tmp_path: Path) -> None:
    root = project(tmp_path, {"api/index.py": FASTAPI}, "fastapi", serve="worker")
    migrated(root)
    project(tmp_path, {}, "fastapi", serve=None)
    migrated(root)
    assert (root / "api/index.py").read_text() == FASTAPI
    assert answer(root)[0] == "known-good"


def test_an_app_that_cannot_take_them_in_or_only_in_some_cases_is_told(tmp_path: Path) -> None:
    starlette = FASTAPI.replace("FastAPI", "Starlette").replace("fastapi", "starlette.applications")
    root = project(tmp_path, {"api/index.py": starlette}, "starlette")
    assert answer(root)[0] == "known-bad"
    some = FASTAPI.replace(
        "app = FastAPI()\n",
        "from inngest_app.mount import mount\napp = FastAPI()\nif DEBUG:\n    mount(app)\n",
    )
    project(tmp_path, {"api/index.py": some}, "fastapi")
    code, message = answer(root)
    assert (code, "only in some cases" in message) == ("not-known", True)

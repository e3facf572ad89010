"""Python handlers found in real files, without importing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.errors import ConfigError
from cronshift.handlers import Resolver, Verdict
from cronshift.handlers.python import PythonHandlers
from cronshift.model import HandlerKind

if TYPE_CHECKING:
    from cronshift.model import Handler

CLASS = (
    "from http.server import BaseHTTPRequestHandler\n\nclass handler(BaseHTTPRequestHandler): ..."
)
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()"


def project(root: Path, **files: str) -> PythonHandlers:
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_py", ".py").replace("_txt", ".txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return PythonHandlers(root)


def answering(handlers: PythonHandlers, path: str) -> Handler | None:
    return Resolver(handlers._root).resolve(path).handler


def told(handler: Handler | None) -> tuple[str, str, str, int] | None:
    return (handler.file, handler.kind.value, handler.export, handler.line) if handler else None


ROUTED = f"{FASTAPI}\n\n@app.get('/api/cron/mail')\ndef mail(): ...\n"


@pytest.mark.parametrize(
    ("entry", "files"),
    [
        ("from app.main import app\n", {"app/main.py": ROUTED}),
        ("from .main import app\n", {"app/main.py": ROUTED}),
        ("from .web.server import site as app\n", {"app/web/server.py": ROUTED + "site = app\n"}),
        ("from app.web import app\n", {"app/web/__init__.py": "from .server import app\n", "app/web/server.py": ROUTED}),
    ],
)  # fmt: skip
def test_an_entrypoint_passes_on_an_app_of_another_module(
    tmp_path: Path, entry: str, files: dict[str, str]
) -> None:
    for name, text in {"requirements.txt": "fastapi\n", "app/index.py": entry, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = Resolver(tmp_path).resolve("/api/cron/mail")
    assert told(found.handler) == ("app/index.py", "asgi", "app", 1)
    assert found.handler is not None
    assert str(found.handler.route).endswith(":4")
    assert Resolver(tmp_path).resolve("/api/cron/other").verdict is Verdict.DEAD


MAKER = "from flask import Flask\n\ndef create_app():\n    made = Flask(__name__)\n    @made.get('/api/cron/mail')\n    def mail(): ...\n    return made\n"


@pytest.mark.parametrize(
    ("entry", "files", "kind"),
    [
        (f"{MAKER}\napp = create_app()\n", {}, "wsgi"),
        ("from app.web import create_app\napp = create_app()\n", {"app/web.py": MAKER}, "wsgi"),
        ("from app.web import create_app as made\napp = made()\n", {"app/web/__init__.py": "from .making import create_app\n", "app/web/making.py": MAKER}, "wsgi"),
        ("from app.web import create_app\napp = create_app()\n", {"app/web.py": MAKER.replace("return made", "return made.config")}, None),
        ("from acme import create_app\napp = create_app()\n", {}, None),
    ],
)  # fmt: skip
def test_a_function_may_make_the_app(
    tmp_path: Path, entry: str, files: dict[str, str], kind: str | None
) -> None:
    for name, text in {"requirements.txt": "flask\n", "app/index.py": entry, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = PythonHandlers(tmp_path).framework_entry
    assert (found.kind if found is not None else None) == kind


def test_a_name_that_a_package_gives_is_no_app_of_the_project(tmp_path: Path) -> None:
    handlers = project(tmp_path, requirements_txt="fastapi", app__index_py="from acme import app\n")
    assert handlers.framework_entry is None


def test_modules_that_pass_an_app_in_a_circle_give_none(tmp_path: Path) -> None:
    handlers = project(
        tmp_path,
        requirements_txt="fastapi",
        app__index_py="from app.main import app\n",
        app__main_py="from app.index import app\n",
    )
    assert handlers.framework_entry is None


@pytest.mark.parametrize(
    ("source", "kind", "export"),
    [
        (CLASS, "http-handler", "handler"),
        (FASTAPI, "asgi", "app"),
        ("import fastapi\napp: fastapi.FastAPI = fastapi.FastAPI(title='x')", "asgi", "app"),
        ("from flask import Flask\napp = Flask(__name__)", "wsgi", "app"),
        ("async def app(scope, receive, send): ...", "asgi", "app"),
        ("def application(environ, start_response): ...", "wsgi", "application"),
        ("from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()", "wsgi", "application"),
    ],
)  # fmt: skip
def test_the_kind_is_read_from_the_source(
    tmp_path: Path, source: str, kind: str, export: str
) -> None:
    found = told(answering(project(tmp_path, api__x_py=source), "/api/x"))
    assert found is not None
    assert found[:3] == ("api/x.py", kind, export)


def test_a_path_finds_its_file(tmp_path: Path) -> None:
    handlers = project(tmp_path, api__cron__x_py=CLASS, api__y__index_py=CLASS)
    assert told(answering(handlers, "/api/cron/x?a=1")) == (
        "api/cron/x.py",
        "http-handler",
        "handler",
        3,
    )
    assert told(answering(handlers, "/api/cron/x.py")) == (
        "api/cron/x.py",
        "http-handler",
        "handler",
        3,
    )
    assert told(answering(handlers, "/api/y")) == ("api/y/index.py", "http-handler", "handler", 3)


@pytest.mark.parametrize(
    "path",
    [
        "/api/none",
        "/other/x",
        "/api/_private",
        "/api/.hidden",
        "/api/../secret",
        "/api/x\0",
        "/",
        "",
    ],
)
def test_what_answers_nothing_is_no_handler(tmp_path: Path, path: str) -> None:
    handlers = project(tmp_path, api___private_py=CLASS, secret_py=CLASS, api__empty_py="x = 1")
    assert answering(handlers, path) is None
    assert answering(handlers, "/api/empty") is None


@given(st.text(max_size=40))
def test_no_path_leads_out_of_the_project(path: str) -> None:
    found = answering(PythonHandlers(Path(__file__).parent), path)
    assert found is None or not found.file.startswith(("/", ".."))


def test_the_app_of_a_framework_answers_every_path(tmp_path: Path) -> None:
    handlers = project(tmp_path, requirements_txt="uvicorn\nfastapi==0.115\n", main_py=FASTAPI)
    assert told(answering(handlers, "/any/path?x=1")) == ("main.py", "asgi", "app", 2)


def test_a_named_entry_point_wins(tmp_path: Path) -> None:
    handlers = project(tmp_path, main_py=FASTAPI, code__web_py=FASTAPI.replace("app", "site"))
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = [\n  "fastapi",\n]\n[tool.vercel]\nentrypoint = "code.web:site"\n'
    )
    assert told(answering(handlers, "/x")) == ("code/web.py", "asgi", "site", 2)


def test_a_reference_may_name_a_module_or_a_file(tmp_path: Path) -> None:
    handlers = project(tmp_path, jobs__mail_py="def run(): ...", jobs__x_py="async def go(): ...")
    assert told(handlers.named("jobs.mail:run", None)) == ("jobs/mail.py", "callable", "run", 1)
    assert told(handlers.named("jobs/x.py:go", None)) == ("jobs/x.py", "callable", "go", 1)
    kind = HandlerKind.ASGI
    assert told(handlers.named("jobs.mail:made_at_run_time", kind)) == (
        "jobs/mail.py",
        "asgi",
        "made_at_run_time",
        1,
    )


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("nowhere:run", "no-such-handler"),
        ("../outside.py:run", "no-such-handler"),
        ("jobs.mail:computed", "unknown-handler-kind"),
    ],
)
def test_a_reference_to_nothing_is_told(tmp_path: Path, reference: str, reason: str) -> None:
    handlers = project(tmp_path, jobs__mail_py="computed = make()")
    with pytest.raises(ConfigError) as caught:
        handlers.named(reference, None)
    assert caught.value.reason == reason


@pytest.mark.parametrize("source", ["def broken(", "\0", "x" * 2_000_001, "((((" * 5_000])
def test_a_source_that_cannot_be_read_is_never_called_directly(tmp_path: Path, source: str) -> None:
    found = answering(project(tmp_path, api__x_py=source), "/api/x")
    assert found is None or found.kind is HandlerKind.FUNCTION


def test_nothing_is_imported(tmp_path: Path) -> None:
    trap = f"raise SystemExit('imported')\n{FASTAPI}"
    assert answering(project(tmp_path, api__x_py=trap), "/api/x") is not None

"""The guard in a Python app's source: every way to put it there, and what is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

from cronshift.handlers.python_guard import Absent, PythonGuards, Stands, UnreadGuard
from cronshift.handlers.tree import SourceTree
from cronshift.model import Handler, HandlerKind

if TYPE_CHECKING:
    from pathlib import Path

Kind = TypeVar("Kind", Stands, Absent, UnreadGuard)

HANDLER_OF_APP = Handler("app.py", HandlerKind.ASGI, "app", "python")
FASTAPI = "from fastapi import FastAPI\nfrom cronshift_guard import guard\napp = FastAPI()\n"
FACTORY = """from fastapi import FastAPI
from cronshift_guard import guard

def create_app() -> FastAPI:
    made = FastAPI()
    {}
    return made
"""
HANDLER = "from http.server import BaseHTTPRequestHandler\nfrom cronshift_guard import guard\n{}class handler(BaseHTTPRequestHandler):\n    def do_GET(self): ...\n"


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"app.py": FASTAPI + "app.add_middleware(guard.asgi)\n"}, "app.py:4"),
        ({"app.py": FASTAPI + "app = guard.asgi(app)\n"}, "app.py:4"),
        ({"app.py": FASTAPI.replace("import guard", "import guard as g") + "app.add_middleware(g.asgi)\n"}, "app.py:4"),
        ({"app.py": "import cronshift_guard\nfrom fastapi import FastAPI\napp = FastAPI()\napp.add_middleware(cronshift_guard.guard.asgi)\n"}, "app.py:4"),
        ({"app.py": "from starlette.middleware import Middleware\nfrom cronshift_guard import guard\nFRONTS = [Middleware(guard.asgi)]\napp = Starlette(middleware=FRONTS)\n"}, "app.py:4"),
        ({"app.py": "from flask import Flask\nfrom src.cronshift_guard import guard\napp = Flask(__name__)\napp.wsgi_app = guard.wsgi(app.wsgi_app)\n"}, "app.py:4"),
        ({"app.py": "from django.core.wsgi import get_wsgi_application\nfrom cronshift_guard import guard\napp = guard.wsgi(get_wsgi_application())\n"}, "app.py:3"),
        ({"app.py": HANDLER.format("@guard.handler\n").replace("class handler", "class app")}, "app.py:4"),
        ({"app.py": FACTORY.format("made.add_middleware(guard.asgi)") + "\napp = create_app()\n"}, "app.py:6"),
        ({"app.py": "from factory import create_app\napp = create_app()\n", "factory.py": FACTORY.format("made.add_middleware(guard.asgi)")}, "factory.py:6"),
        ({"app.py": "from shop import factory\napp = factory.create_app()\n", "shop/__init__.py": "", "shop/factory.py": FACTORY.format("made.add_middleware(guard.asgi)")}, "shop/factory.py:6"),
        ({"app.py": "from factory import create_app\napp = create_app()\n", "factory.py": FACTORY.format("pass").replace("return made", "return guard.asgi(made)")}, "factory.py:7"),
        ({"app.py": "from server import app\n", "server.py": FASTAPI + "app.add_middleware(guard.asgi)\n"}, "server.py:4"),
        ({"app.py": "from server import api as app\n", "server.py": FASTAPI.replace("app =", "api =") + "def fronts(it):\n    it.add_middleware(guard.asgi)\nfronts(api)\n"}, "server.py:5"),
        ({"app.py": FASTAPI.replace("app =", "api =") + "api.add_middleware(guard.asgi)\napp = api\n"}, "app.py:4"),
    ],
)  # fmt: skip
def test_a_guard_that_stands_is_seen(tmp_path: Path, files: dict[str, str], place: str) -> None:
    assert str(_seen(tmp_path, files, Stands).place) == place


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"app.py": FASTAPI}, "app.py:3"),  # imported only
        ({"app.py": FACTORY.format("def home(): return dict(a=1)") + "\napp = create_app()\n"}, "app.py:5"),
        ({"app.py": FASTAPI + "other = FastAPI()\nother.add_middleware(guard.asgi)\n"}, "app.py:3"),
        ({"app.py": "# app.add_middleware(guard.asgi)\napp = FastAPI()\n"}, "app.py:2"),
        ({"app.py": FASTAPI + "if __name__ == '__main__':\n    app.add_middleware(guard.asgi)\n"}, "app.py:3"),
        ({"app.py": "from server import app\n", "server.py": FASTAPI}, "server.py:3"),
        ({"app.py": FACTORY.format("pass") + "\napp = create_app()\n"}, "app.py:5"),
        ({"app.py": HANDLER.format("").replace("class handler", "class app")}, "app.py:3"),
    ],
)  # fmt: skip
def test_an_app_that_never_hears_of_the_guard_is_told(
    tmp_path: Path, files: dict[str, str], place: str
) -> None:
    assert str(_seen(tmp_path, files, Absent).place) == place


@pytest.mark.parametrize(
    "files",
    [
        {"app.py": FASTAPI + "import os\nif os.environ.get('GUARDED'):\n    app.add_middleware(guard.asgi)\n"},
        {"app.py": "def broken(:\n"},
        {"app.py": "from elsewhere import app\n"},
    ],
)  # fmt: skip
def test_what_only_running_it_would_tell_is_not_known(
    tmp_path: Path, files: dict[str, str]
) -> None:
    _seen(tmp_path, files, UnreadGuard)


def _seen(root: Path, files: dict[str, str], kind: type[Kind]) -> Kind:
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    sight = PythonGuards(SourceTree(root)).before(HANDLER_OF_APP)
    assert isinstance(sight, kind)
    return sight

"""The place where a Python app takes the functions in: also one that a function of the project makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.model import Handler, HandlerKind
from cronshift.targets.python.mounting import mount_of

if TYPE_CHECKING:
    from pathlib import Path

FACTORY = """from flask import Flask


def create_app():
    app = Flask(__name__)

    @app.route("/")
    def home():
        return "home"

    return app
"""
HERE = f"{FACTORY}\n\napp = create_app()\n"


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"app.py": HERE}, "app.py:14"),
        ({"app.py": "from made import create_app\n\napp = create_app()\n", "made.py": FACTORY}, "app.py:3"),
        ({"app.py": "from served import app\n", "served.py": HERE}, "served.py:14"),
        ({"app.py": "from lib import create_app\n\napp = create_app()\n"}, None),
        ({"app.py": "def create_app():\n    return build()\n\n\napp = create_app()\n"}, None),
    ],
)  # fmt: skip
def test_an_app_of_a_factory_takes_the_functions_in_behind_its_call(
    tmp_path: Path, files: dict[str, str], place: str | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    handler = Handler("app.py", HandlerKind.WSGI, "app", "python")
    mount = mount_of(SourceTree(tmp_path), [handler])
    assert (f"{mount.file}:{mount.line}" if mount else None) == place

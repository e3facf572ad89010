"""Functions of Python that others have too, or that answer in parts, stay as they are, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.model import Location
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.converting import convert
from cronshift.targets.direct.python.django import convert_view

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/api/cron/tides"
FASTAPI = f"""from fastapi import FastAPI

app = FastAPI()


@app.get("{PATH}")
async def read_tides():
    return {{"n": 1}}
"""
FLASK = f"""from flask import Flask, jsonify, stream_with_context, url_for

app = Flask(__name__)


@app.route("{PATH}")
def read_tides():
    return jsonify(n=1)
"""
MODEL = f"""from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Tide(BaseModel):
    level: float


@app.get("{PATH}")
def read_tides() -> Tide:
    return load()
"""
LEVELS = (
    '\n\ndef levels():\n    for level in (1, 2):\n        print(level)\n        yield f"{level}"\n'
)


def reason(root: Path, files: dict[str, str]) -> str | None:
    """Return why a job's function is kept; ``None`` where it is converted."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    entry = Entry(PATH, "0 6 * * *")
    outcome = convert(SourceTree(root), "tides.py", entry, "app", "tides.py", is_mounted=False)
    return None if isinstance(outcome, Converted) else outcome.why


@pytest.mark.parametrize("app", [FASTAPI, FLASK], ids=["fastapi", "flask"])
@pytest.mark.parametrize(
    "other",
    [
        "from tides import read_tides\n\nprint(read_tides())\n",
        "from .tides import read_tides as read\n",
        "import tides\n\nprint(tides.read_tides())\n",
        "from . import tides as gauge\n\nprint(gauge.read_tides())\n",
        "from tides import *\n\nprint(read_tides())\n",
    ],
)
def test_a_function_that_another_module_has_too_stays(tmp_path: Path, app: str, other: str) -> None:
    why = reason(tmp_path, {"tides.py": app, "report.py": other})
    assert why == "is imported by report.py too"


def test_one_of_the_same_name_elsewhere_keeps_nothing(tmp_path: Path) -> None:
    own = "def read_tides():\n    return 1\n"
    use = "from gauges import read_tides\n\nprint(read_tides())\n"
    assert reason(tmp_path, {"tides.py": FASTAPI, "gauges.py": own, "report.py": use}) is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (
            "pages.py",
            'from flask import url_for\n\n\ndef link():\n    return url_for("read_tides")\n',
        ),
        ("templates/home.html", "<a href=\"{{ url_for('read_tides') }}\">now</a>\n"),
    ],
)
def test_one_whose_address_is_asked_for_stays(tmp_path: Path, file: str, text: str) -> None:
    assert reason(tmp_path, {"tides.py": FLASK, file: text}) == (
        f"has an address that {file} asks for"
    )


VIEW = f"""from flask import Flask, jsonify, url_for
from flask.views import MethodView

app = Flask(__name__)


class Tides(MethodView):
    def get(self):
        return jsonify(n=1)


app.add_url_rule("{PATH}", view_func=Tides.as_view("tides"))
"""
LINK = '\n\n@app.route("/")\ndef home():\n    return url_for("gauge")\n'


@pytest.mark.parametrize(
    "declared",
    [
        FLASK.replace(f'"{PATH}")', f'"{PATH}", endpoint="gauge")'),
        FLASK.replace(f'@app.route("{PATH}")\n', "")
        + f'\n\napp.add_url_rule("{PATH}", "gauge", read_tides)\n',
    ],
    ids=["decorator", "add_url_rule"],
)
def test_one_whose_address_is_asked_for_by_its_endpoint_stays(
    tmp_path: Path, declared: str
) -> None:
    assert reason(tmp_path, {"tides.py": declared}) is None
    assert reason(tmp_path, {"tides.py": declared + LINK}) == (
        "has an address that tides.py asks for"
    )


def test_a_class_that_another_module_has_too_stays(tmp_path: Path) -> None:
    assert reason(tmp_path, {"tides.py": VIEW}) is None
    other = "from tides import Tides\n\n\nclass More(Tides):\n    pass\n"
    assert reason(tmp_path, {"tides.py": VIEW, "more.py": other}) == ("is imported by more.py too")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("links.py", 'from django.urls import reverse\n\nHERE = reverse("site:gauge")\n'),
        ("links.py", 'from django.urls import reverse_lazy\n\nHERE = reverse_lazy("gauge")\n'),
        ("home.html", "<a href=\"{% url 'gauge' %}\">now</a>\n"),
    ],
)
def test_a_view_of_djangos_whose_address_is_asked_for_stays(
    tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / "views.py").write_text(
        'from django.http import JsonResponse\n\n\ndef x(request):\n    return JsonResponse({"n": 1})\n'
    )
    (tmp_path / "urls.py").write_text(
        "from django.urls import path\n\nimport views\n\n"
        f'urlpatterns = [\n    path("{PATH[1:]}", views.x, name="gauge"),\n    path("", views.home),\n]\n'
    )
    place, entry = Location("urls.py", 6), Entry(PATH, "0 6 * * *")
    assert convert_view(SourceTree(tmp_path), place, entry).converted.function == "x"
    (tmp_path / file).write_text(text)
    with pytest.raises(NotCertainError, match=f"has an address that {file} asks for"):
        convert_view(SourceTree(tmp_path), place, entry)


@pytest.mark.parametrize(
    "body",
    [
        "for level in (1, 2):\n        print(level)\n        yield str(level)",
        "return levels()",
        "told = levels()\n    return told",
        "return stream_with_context(levels())",
        "return (str(level) for level in (1, 2))",
        "def parts():\n        yield str(1)\n\n    return parts()",
    ],
)
def test_work_that_is_done_while_its_answer_is_sent_stays(tmp_path: Path, body: str) -> None:
    text = FLASK.replace("return jsonify(n=1)", body) + LEVELS
    assert (reason(tmp_path, {"tides.py": text}) or "").startswith("answers in parts, by ")


def test_a_generator_that_the_work_goes_through_is_no_answer(tmp_path: Path) -> None:
    text = FLASK.replace("return jsonify", "for _ in levels():\n        pass\n    return jsonify")
    assert reason(tmp_path, {"tides.py": text + LEVELS}) is None


@pytest.mark.parametrize(
    ("declared", "is_kept"),
    [
        ("Tide", False),
        ("list[Tide]", True),
        ("Tide | None", True),
        ("dict[str, Tide]", True),
        ("list[float]", False),
        ("object", False),
    ],
)
def test_what_fastapi_makes_of_models_in_a_result_is_not_left_out(
    tmp_path: Path, declared: str, *, is_kept: bool
) -> None:
    text = MODEL.replace("-> Tide", f"-> {declared}")
    why = reason(tmp_path, {"tides.py": text})
    assert why == (f"is declared to return {declared}" if is_kept else None)

"""Routes of Python whose function alone would mean something else: where an error leads, and what is reached of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Conversion, Converted, Entry
from cronshift.targets.direct.python.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

FASTAPI = """import os

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

app = FastAPI()
SECRET = os.environ["CRON_SECRET"]


"""
FLASK = "import flask\nfrom flask import Flask, jsonify, request\n\napp = Flask(__name__)\n\n\n"
HELPERS = """from fastapi import HTTPException
from fastapi.responses import StreamingResponse


def fetched(name):
    return {"name": name}


def found(name):
    if not name:
        raise HTTPException(status_code=404)
    return name


def tried(name):
    if not name:
        raise HTTPException(status_code=503)
    return name


def download():
    return StreamingResponse(iter([]))


class Shop:
    def orders(self):
        return self._asked()

    def export(self):
        return download()

    def _asked(self):
        return []
"""
ROUTE = '@app.get("/api/cron/x")\n'
FAILED = '    return JSONResponse({"error": "no"}, status_code=500)\n'
CHECK = 'request.headers.get("authorization")'

KEPT = {
    "an error within a transaction": (
        f"{FASTAPI}{ROUTE}def x():\n    with db.begin():\n    {FAILED}",
        "answers with an error inside of `db.begin()`, which may end in another way then",
    ),
    "an error where errors are kept silent": (
        f"{FASTAPI}{ROUTE}def x():\n    with contextlib.suppress(Exception):\n    {FAILED}    return 1\n",
        "answers with an error inside of `contextlib.suppress(Exception)`, which may end in another way then",
    ),
    "an error in a context of the project's": (
        (
            f"{FASTAPI}@contextmanager\ndef quiet():\n    try:\n        yield\n    except Exception:\n        pass\n\n\n"
            f"{ROUTE}def x():\n    with quiet():\n    {FAILED}    return 1\n"
        ),
        "answers with an error inside of `quiet()`, which may end in another way then",
    ),
    "a name that the check binds": (
        (
            f"{FASTAPI}{ROUTE}def x(request: Request):\n    if (who := {CHECK}) != SECRET:\n"
            "        raise HTTPException(401)\n    return {'who': who}\n"
        ),
        "needs who, which only the check binds",
    ),
    "a switch beside the check": (
        (
            f"{FASTAPI}{ROUTE}def x(request: Request):\n    if not os.environ.get('JOBS_ON') or {CHECK} != SECRET:\n"
            "        raise HTTPException(401)\n    return 1\n"
        ),
        "needs its request for more than a check",
    ),
    "work behind an answer": (
        f"{FASTAPI}{ROUTE}def x():\n    return JSONResponse({{}}, background=BackgroundTask(send))\n",
        "has work done behind its answer",
    ),
    "an answer under another name": (
        (
            f"from fastapi.responses import JSONResponse as Answer\n{FASTAPI}{ROUTE}def x():\n"
            "    return Answer({}, status_code=500)\n"
        ),
        "still speaks of Answer",
    ),
    "an error that is raised out of a name": (
        f"{FASTAPI}{ROUTE}def x():\n    error = HTTPException(404)\n    raise error\n",
        "still speaks of HTTPException",
    ),
    "an error of the project's that is one of HTTP": (
        f"{FASTAPI}class Gone(HTTPException):\n    pass\n\n\n{ROUTE}def x():\n    raise Gone(410)\n",
        "still speaks of Gone",
    ),
    "an error of werkzeug's": (
        f"from werkzeug.exceptions import NotFound\n{FLASK}{ROUTE}def x():\n    raise NotFound\n",
        "still speaks of NotFound",
    ),
    "a final answer that a function raises": (
        f"from helpers import found\n{FASTAPI}{ROUTE}def x():\n    return found(name())\n",
        "works with found, which may raise an answer that is final (helpers.py:11)",
    ),
    "an answer of a function beside it": (
        (
            f"{FASTAPI}def failed(why):\n    tell(why)\n    return JSONResponse(why, status_code=500)\n\n\n"
            f"{ROUTE}def x():\n    return failed('no')\n"
        ),
        "works with failed, which may make an answer (index.py:12)",
    ),
    "an answer of a lambda": (
        (
            f"{FASTAPI}failed = lambda why: JSONResponse(why, status_code=500)\n\n\n"
            f"{ROUTE}def x():\n    return failed('no')\n"
        ),
        "works with failed, which may make an answer (index.py:10)",
    ),
    "an answer of a method": (
        f"from helpers import Shop\n{FASTAPI}{ROUTE}def x():\n    return Shop().export()\n",
        "works with Shop, which may make an answer (helpers.py:22)",
    ),
    "a request that a function asks for": (
        f"{FLASK}def who():\n    return request.args.get('who')\n\n\n{ROUTE}def x():\n    return jsonify(who())\n",
        "works with who, which asks for a request (index.py:8)",
    ),
    "a time to try again behind a pair": (
        f"{FLASK}{ROUTE}def x():\n    return {{}}, 503, {{'Retry-After': '5'}}\n",
        "says when to try again",
    ),
}


def judged(folder: Path, text: str) -> Conversion:
    (folder / "index.py").write_text(text)
    (folder / "helpers.py").write_text(HELPERS)
    return convert(
        SourceTree(folder), "index.py", Entry("/api/cron/x", "0 6 * * *"), "app", "index.py"
    )


@pytest.mark.parametrize("what", KEPT)
def test_a_route_stays_where_its_function_would_mean_something_else(
    tmp_path: Path, what: str
) -> None:
    text, why = KEPT[what]
    kept = judged(tmp_path, text)
    assert not isinstance(kept, Converted)
    assert kept.why == why


TAKEN = {
    "a pair of FastAPI's is a list": (
        f"{FASTAPI}{ROUTE}def x():\n    return {{'ok': 1}}, 500\n",
        "    return {'ok': 1}, 500\n",
    ),
    "cases of a match": (
        f"{FASTAPI}{ROUTE}def x():\n    match state():\n        case 1:\n        {FAILED}    return 1\n",
        '            raise RuntimeError("no")\n',
    ),
    "an abort of the module": (
        f"{FLASK}{ROUTE}def x():\n    flask.abort(404)\n",
        '    raise NonRetriableError("answered 404")\n',
    ),
    "an error where a session only closes": (
        f"{FASTAPI}{ROUTE}def x():\n    with Session(engine) as session:\n    {FAILED}",
        '        raise RuntimeError("no")\n',
    ),
    "a function beside others that answer": (
        f"from helpers import fetched\n{FASTAPI}{ROUTE}def x():\n    return fetched('a')\n",
        "    return fetched('a')\n",
    ),
    "a method beside others that answer": (
        f"from helpers import Shop\n{FASTAPI}{ROUTE}def x():\n    return Shop().orders()\n",
        "    return Shop().orders()\n",
    ),
    "a final answer that the route catches": (
        (
            f"from helpers import found\n{FASTAPI}{ROUTE}def x():\n    try:\n        return found(name())\n"
            "    except Exception as error:\n        raise HTTPException(500) from error\n"
        ),
        '        raise RuntimeError("answered 500") from error\n',
    ),
    "a fault that a function raises": (
        f"from helpers import tried\n{FASTAPI}{ROUTE}def x():\n    return tried('a')\n",
        "    return tried('a')\n",
    ),
}


@pytest.mark.parametrize("what", TAKEN)
def test_a_route_goes_where_its_function_means_the_same(tmp_path: Path, what: str) -> None:
    text, written = TAKEN[what]
    converted = judged(tmp_path, text)
    assert isinstance(converted, Converted), str(converted)
    assert written in converted.text


def test_what_is_left_is_laid_out_as_it_was(tmp_path: Path) -> None:
    """Two lines stay between functions, and a body stands where its call stood."""
    text = (
        f"import os\n\nfrom fastapi import FastAPI, Header, HTTPException\n"
        f'from fastapi.responses import JSONResponse\n\napp = FastAPI()\n\nSECRET = os.environ["CRON_SECRET"]\n\n\n'
        "def verified(key: str | None):\n    if key != SECRET:\n        raise HTTPException(401)\n\n\n"
        f"{ROUTE}def x(authorization: str | None = Header(None)):\n    verified(authorization)\n"
        '    return JSONResponse(\n        {\n            "text": """a\n        b""",\n            "ok": 1,  # always\n'
        "        },\n        status_code=200,\n    )\n"
    )
    converted = judged(tmp_path, text)
    assert isinstance(converted, Converted), str(converted)
    assert converted.text == (
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\ndef x():\n"
        '    return {\n        "text": """a\n        b""",\n        "ok": 1,  # always\n    }\n'
    )

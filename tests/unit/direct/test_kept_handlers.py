"""Python handlers that stay as they are, each with the reason and its line."""

# ruff: noqa: ISC004 - sources of several lines
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.model import Location
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.converting import convert
from cronshift.targets.direct.python.django import convert_view

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Entry("/api/cron/x?limit=5", "0 6 * * *")
FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
FLASK = "from flask import Flask, jsonify, request\n\napp = Flask(__name__)\n\n\n"
ROUTE = '@app.get("/api/cron/x")\n'
CLASS = (
    "from http.server import BaseHTTPRequestHandler\n\n\nclass handler(BaseHTTPRequestHandler):\n"
)

KEPT = {
    "a body that is read": (
        f"from fastapi import Request\n{FASTAPI}{ROUTE}async def x(request: Request):\n"
        "    return await request.json()\n",
        9,
        "needs its request for more than a check",
    ),
    "a request in its answer": (
        f"from fastapi import Request\nfrom fastapi.responses import JSONResponse\n{FASTAPI}{ROUTE}"
        "async def x(request: Request):\n    return JSONResponse({'who': request.state.user})\n",
        10,
        "needs its request for more than a check",
    ),
    "a session in its answer": (
        f"from flask import session\n{FLASK}{ROUTE}def x():\n    return jsonify({{'who': session['who']}})\n",
        9,
        "still speaks of session",
    ),
    "an address in its answer": (
        f"import json\n{CLASS}    def do_GET(self):\n        self.send_response(200)\n"
        "        self.end_headers()\n        self.wfile.write(json.dumps(self.client_address).encode())\n",
        6,
        "needs its request",
    ),
    "a switch of the job beside the check": (
        "import os\nfrom fastapi import FastAPI, Header, HTTPException\n\napp = FastAPI()\n\n\n"
        f"{ROUTE}async def x(authorization: str = Header(None)):\n"
        '    if os.environ.get("PAUSED") or authorization != os.environ["CRON_SECRET"]:\n'
        "        raise HTTPException(401)\n    return {}\n",
        9,
        "needs authorization for more than a check",
    ),
    "a stream": (
        f"from fastapi.responses import StreamingResponse\n{FASTAPI}{ROUTE}async def x():\n"
        "    return StreamingResponse(rows())\n",
        9,
        "answers with StreamingResponse, which is not read",
    ),
    "an answer in a name": (
        f"from fastapi.responses import JSONResponse\n{FASTAPI}{ROUTE}async def x():\n"
        "    answer = JSONResponse({})\n    return answer\n",
        9,
        "still speaks of JSONResponse",
    ),
    "an error that a transaction does not see": (
        f"from fastapi import Depends\n{FASTAPI}def transaction():\n    yield begin()\n    commit()\n\n\n"
        f"{ROUTE}def x(db=Depends(transaction)):\n    if not db.rows():\n"
        "        return JSONResponse({}, status_code=500)\n    return db.rows()\n",
        15,
        "answers with an error, behind which db is ended as behind a success",
    ),
    "a session that is opened in a project's own way": (
        f"from fastapi import Depends\n{FASTAPI}def session_scope():\n    yield begin()\n    commit()\n\n\n"
        "def session():\n    with session_scope() as db:\n        yield db\n\n\n"
        f"{ROUTE}def x(db=Depends(session)):\n    if not db.rows():\n"
        "        return JSONResponse({}, status_code=500)\n    return db.rows()\n",
        20,
        "answers with an error, behind which db is ended as behind a success",
    ),
    "a dependency that answers": (
        f"from fastapi import Depends, HTTPException\n{FASTAPI}def current():\n"
        "    if not (user := load()):\n        raise HTTPException(404)\n    return user\n\n\n"
        f"{ROUTE}def x(user=Depends(current)):\n    return user.rows()\n",
        14,
        "depends on current, which does more than to give a value",
    ),
    "a dependency of the query": (
        f"from fastapi import Depends\n{FASTAPI}def rows(limit: int = 5):\n    return load(limit)\n\n\n"
        f"{ROUTE}def x(all=Depends(rows)):\n    return all\n",
        12,
        "depends on rows, which is given limit",
    ),
    "a dependency that is awaited": (
        f"from fastapi import Depends\n{FASTAPI}async def rows():\n    return await load()\n\n\n"
        f"{ROUTE}def x(all=Depends(rows)):\n    return all\n",
        12,
        "is given all by what is awaited",
    ),
    "dependencies that are given otherwise": (
        f"from fastapi import Depends\n{FASTAPI}def rows():\n    return []\n\n\n"
        f"app.dependency_overrides[rows] = load\n\n\n{ROUTE}def x(all=Depends(rows)):\n    return all\n",
        11,
        "does something of its own around requests (dependency_overrides)",
    ),
    "a dependency that is made anew each time": (
        f"from fastapi import Depends\n{FASTAPI}def rows():\n    return []\n\n\n"
        f"{ROUTE}def x(all=Depends(rows, use_cache=False)):\n    return all\n",
        12,
        "is given all by the app",
    ),
    "work beside its head": (
        f"from fastapi import Depends\n{FASTAPI}def rows():\n    return []\n\n\n"
        f"{ROUTE}def x(all=Depends(rows)): return all\n",
        11,
        "does its work in the middle of a line",
    ),
    "a class that is depended on": (
        f"from fastapi import Depends\n{FASTAPI}class Rows:\n    pass\n\n\n"
        f"{ROUTE}def x(all=Depends(Rows)):\n    return all\n",
        12,
        "depends on Rows, which is not read",
    ),
    "tasks behind the answer": (
        f"from fastapi import BackgroundTasks\n{FASTAPI}{ROUTE}async def x(tasks: BackgroundTasks):\n"
        "    tasks.add_task(run)\n    return {}\n",
        8,
        "is given tasks, which is no plain value",
    ),
    "a model of the answer": (
        f'{FASTAPI}@app.get("/api/cron/x", response_model=Rows)\nasync def x():\n    return rows()\n',
        6,
        "is declared with response_model",
    ),
    "an error where errors are caught": (
        f"from fastapi.responses import JSONResponse\n{FASTAPI}{ROUTE}async def x():\n    try:\n"
        "        if not due():\n            return JSONResponse({}, status_code=404)\n        return {}\n"
        "    except Exception:\n        return {}\n",
        11,
        "answers with an error where errors are caught",
    ),
    "something around every request": (
        f'{FASTAPI}@app.middleware("http")\nasync def timed(request, call):\n    return await call(request)\n'
        f"\n\n{ROUTE}async def x():\n    return {{}}\n",
        6,
        "does something of its own around requests (middleware)",
    ),
    "something at the start": (
        "from fastapi import FastAPI\n\napp = FastAPI(lifespan=connected)\n\n\n"
        f"{ROUTE}async def x():\n    return {{}}\n",
        3,
        "prepares something at its start (lifespan)",
    ),
    "two routes that may be meant": (
        f'{FASTAPI}@app.get("/x")\nasync def x():\n    return {{}}\n\n\n'
        '@other.get("/cron/x")\nasync def y():\n    return {}\n',
        1,
        "declares more than one route for /api/cron/x in the open",
    ),
    "another decorator": (
        f"{FASTAPI}{ROUTE}@timed\nasync def x():\n    return {{}}\n",
        8,
        "has other decorators beside its route",
    ),
    "a second caller": (
        f"{FASTAPI}{ROUTE}async def x():\n    return {{}}\n\n\nasync def again():\n    return await x()\n",
        12,
        "calls x once more",
    ),
    "a value that is not plain": (
        f"{FASTAPI}{ROUTE}async def x(limit: list[int]):\n    return limit\n",
        7,
        "is given limit, which is no plain value",
    ),
    "a redirect": (
        f'from flask import redirect\n{FLASK}{ROUTE}def x():\n    return redirect("/")\n',
        9,
        "answers with redirect, which is not read",
    ),
    "a session of the caller's": (
        f"from flask import session\n{FLASK}{ROUTE}def x():\n    return {{'who': session['who']}}\n",
        9,
        "still speaks of session",
    ),
    "a computed status": (
        f"{FLASK}{ROUTE}def x():\n    body, status = run()\n    return jsonify(body), status\n",
        9,
        "answers with a status that is not spelled out",
    ),
    "work behind the answer": (
        f"{CLASS}    def do_GET(self):\n        self.send_response(200)\n        self.end_headers()\n"
        '        self.wfile.write(b"ok")\n        run()\n',
        8,
        "goes on after its answer",
    ),
    "a method of its own": (
        f"{CLASS}    def do_GET(self):\n        self.reply(200)\n\n    def reply(self, status):\n"
        "        self.send_response(status)\n        count(status)\n",
        9,
        "needs self.send_response",
    ),
    "other work for another method": (
        f"{CLASS}    def do_GET(self):\n        pass\n\n    def do_PUT(self):\n        pass\n",
        8,
        "answers PUT too",
    ),
    "text that does not parse": ("def x(:\n", 1, "does not parse without errors"),
}


def judged(root: Path, text: str) -> Converted | Kept:
    (root / "index.py").write_text(text)
    kind = "handler" if "BaseHTTPRequestHandler" in text else None
    return convert(SourceTree(root), "index.py", ENTRY, kind)


@pytest.mark.parametrize("what", KEPT)
def test_a_handler_stays_and_says_where_and_why(tmp_path: Path, what: str) -> None:
    text, line, why = KEPT[what]
    assert str(judged(tmp_path, text)) == f"index.py:{line}: {why}"


def test_an_answer_holds_what_the_entry_says(tmp_path: Path) -> None:
    text = (
        f"from fastapi import Request\nfrom fastapi.responses import JSONResponse\n{FASTAPI}{ROUTE}"
        "async def x(request: Request):\n"
        "    return JSONResponse({'limit': request.query_params.get('limit')})\n"
    )
    converted = judged(tmp_path, text)
    assert isinstance(converted, Converted)
    assert "    return {'limit': \"5\"}\n" in converted.text
    converted = judged(
        tmp_path,
        f"import json\n{CLASS}    def do_GET(self):\n        self.send_response(200)\n"
        "        self.end_headers()\n        self.wfile.write(json.dumps([self.path]).encode())\n",
    )
    assert isinstance(converted, Converted)
    assert 'return ["/api/cron/x?limit=5"]' in converted.text


def test_work_with_a_module_that_makes_answers_keeps_a_handler(tmp_path: Path) -> None:
    replies = "def done(x):\n    count(x)\n    return JSONResponse(x)\n"
    (tmp_path / "answers.py").write_text("from fastapi.responses import JSONResponse\n")
    (tmp_path / "replies.py").write_text(f"from answers import JSONResponse\n\n\n{replies}")
    text = f"from replies import done\n{FASTAPI}{ROUTE}async def x():\n    return done(1)\n"
    kept = judged(tmp_path, text)
    assert str(kept) == "index.py:9: works with done, which may make an answer (replies.py:6)"
    (tmp_path / "answers.py").write_text("class JSONResponse(dict):\n    pass\n")
    assert isinstance(judged(tmp_path, text), Converted)


def test_what_another_module_names_stays(tmp_path: Path) -> None:
    check = (
        "import os\n\nfrom fastapi import FastAPI, Header, HTTPException\n\napp = FastAPI()\n\n\n"
        "def allowed(header):\n    return header == os.environ['CRON_SECRET']\n\n\n"
        f"{ROUTE}async def x(authorization: str = Header('')):\n    if not allowed(authorization):\n"
        "        raise HTTPException(401)\n    return {}\n"
    )
    alone = judged(tmp_path, check)
    assert isinstance(alone, Converted)
    assert "def allowed" not in alone.text
    (tmp_path / "other.py").write_text("from index import allowed\n")
    shared = judged(tmp_path, check)
    assert isinstance(shared, Converted)
    assert "def allowed" in shared.text


def test_an_app_in_another_module_is_looked_at_too(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "from fastapi import Depends, FastAPI\n\nimport index\n\napp = FastAPI()\n"
        "app.include_router(index.router, dependencies=[Depends(signed)])\n"
    )
    (tmp_path / "index.py").write_text(
        "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
        '@router.get("/x")\nasync def x():\n    return {}\n'
    )
    tree = SourceTree(tmp_path)
    kept = convert(tree, "index.py", ENTRY, None, "main.py")
    assert str(kept) == "main.py:6: asks more of every request (app.include_router)"
    assert isinstance(convert(tree, "index.py", ENTRY), Converted)


URLS = """from django.urls import path

from views import sweep

urlpatterns = [
    path("api/cron/x", sweep),
]
"""
VIEW_URLS = URLS.replace(
    'path("api/cron/x", sweep)', 'path("api/cron/x", Sweep.as_view())'
).replace("import sweep", "import Sweep")
ANSWER = "        return JsonResponse({})\n"
VIEW = "from django.http import JsonResponse\n\n\n"


@pytest.mark.parametrize(
    ("urls", "view", "line", "why"),
    [
        (URLS, "@login_required\ndef sweep(request):\n    return JsonResponse({})\n", 5, "has other decorators beside its route"),
        (URLS, "def sweep(request, number):\n    return JsonResponse({})\n", 4, "needs the parameters of its path"),
        (URLS, "class sweep:\n    pass\n", 6, "answers with sweep, which is not read"),
        (URLS, "def sweep(request):\n    return JsonResponse({'who': request.user})\n", 5, "needs its request for more than a check"),
        (URLS, "def sweep(request):\n    return JsonResponse({})\n\n\nagain = sweep\n", 8, "calls sweep once more"),
        (URLS.replace("urlpatterns = [", "if True:\n  urlpatterns = ["), "def sweep(request):\n    return JsonResponse({})\n", 7, "declares its route in a way that is not read"),
(VIEW_URLS, f"class Sweep(Signed, View):\n    def get(self, request):\n{ANSWER}", 4, "builds on Signed"),
        (VIEW_URLS, f"class Sweep(View):\n    def dispatch(self, request):\n{ANSWER}", 5, "has a dispatch of its own"),
        (VIEW_URLS, f"@method_decorator(login_required, name='dispatch')\nclass Sweep(View):\n    def get(self, request):\n{ANSWER}", 5, "has other decorators beside its route"),
        (VIEW_URLS, "class Sweep(View):\n    def get(self, request):\n        return JsonResponse({'rows': self.rows})\n\n    @property\n    def rows(self):\n        return 1\n", 9, "is no method of a view's own"),
        (VIEW_URLS, f"class Sweep(View):\n    def post(self, request):\n{ANSWER}", 4, "has no get"),
        (VIEW_URLS, f"class Sweep(View):\n    rows = load()\n\n    def get(self, request):\n{ANSWER}", 5, "keeps rows in its class"),
        (VIEW_URLS, f"class Sweep(View):\n    def get(self, request):\n{ANSWER}\n    def post(self, request):\n        return again()\n", 8, "answers POST too, with other work"),
        (VIEW_URLS, "class Sweep(View):\n    def get(self, request):\n        return JsonResponse({'path': self.kwargs})\n", 6, "needs self.kwargs"),
        (VIEW_URLS, "class Sweep(View):\n    def get(self, request):\n        return JsonResponse(rows_of(self))\n", 6, "needs its view"),
        (VIEW_URLS, f"class Sweep(View):\n    @login_required\n    def get(self, request):\n{ANSWER}", 6, "has other decorators beside its route"),
        (VIEW_URLS, f"sweep = sweep_view = sweep_work = 1\n\n\nclass Sweep(View):\n    def get(self, request):\n{ANSWER}", 7, "has a name `sweep_get` already"),
        (VIEW_URLS, f"class Sweep(View):\n    def get(self, request):\n{ANSWER}\n    def other(self):\n        return 1\n", 8, "has the method other, which its work does not call"),
        (VIEW_URLS.replace("as_view()", "as_view({'get': 'done', 'post': 'again'})"), f"class Sweep(View):\n    def done(self, request):\n{ANSWER}", 6, "answers other methods with other work"),
        (VIEW_URLS, "class Sweep(View):\n    def get(self, request):\n        return self.done()\n\n    def done(self):\n        return JsonResponse({'who': self.request.user})\n", 9, "needs its request for more than a check"),
    ],
)  # fmt: skip
def test_a_view_of_django_stays_and_says_why(
    tmp_path: Path, urls: str, view: str, line: int, why: str
) -> None:
    (tmp_path / "urls.py").write_text(urls)
    (tmp_path / "views.py").write_text(f"{VIEW}{view}")
    place = next(at for at, text in enumerate(urls.splitlines(), 1) if "path(" in text)
    with pytest.raises(NotCertainError) as caught:
        convert_view(SourceTree(tmp_path), Location("urls.py", place), ENTRY)
    assert (caught.value.line, caught.value.why) == (line, why)


REST = """from rest_framework import KINDS
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.response import Response


class Signed(BasePermission):
    def has_permission(self, request, view):
        return request.headers.get("Authorization") == "Bearer x"


class Sweep(KIND):
    permission_classes = [Signed]

    def get(self, request):
        return self._run()

    @action(detail=False)
    def swept(self, request):
        return self._run()

    def _run(self):
        return Response({"rows": rows()}, status=200)
"""
ACTION = """    @action(detail=False)
    def swept(self, request):
        return self._run()

"""


@pytest.mark.parametrize(
    ("kind", "route"),
    [
        ("views.APIView", "Sweep.as_view()"),
        ("viewsets.ViewSet", 'Sweep.as_view({"post": "swept", "get": "swept"})'),
    ],
)
def test_a_class_of_rest_framework_is_a_function(tmp_path: Path, kind: str, route: str) -> None:
    (tmp_path / "urls.py").write_text(VIEW_URLS.replace("Sweep.as_view()", route))
    unneeded = "from rest_framework.decorators import action\n"
    text = REST if kind == "viewsets.ViewSet" else REST.replace(ACTION, "").replace(unneeded, "")
    (tmp_path / "views.py").write_text(
        text.replace("KINDS", kind.partition(".")[0]).replace("KIND", kind)
    )
    view = convert_view(SourceTree(tmp_path), Location("urls.py", 6), ENTRY)
    assert view.converted.text == 'def sweep():\n    return {"rows": rows()}\n'
    assert view.converted.encoder == "rest_framework"
    assert "Sweep" not in view.urls


NAMES = """from django.http import JsonResponse
from django.views import View


class SweepView(View):
    def get(self, request):
        rows = self.rows()
        return JsonResponse({"swept": self.sweep(rows), "of": self.sum(rows)})

    # what is old
    def rows(self):
        return [3, 4]

    @staticmethod
    def sweep(rows):
        return len(rows)

    def sum(self, rows):
        return sum(rows)
"""


def test_a_view_that_others_only_speak_of_goes(tmp_path: Path) -> None:
    (tmp_path / "urls.py").write_text(URLS)
    (tmp_path / "views.py").write_text(
        f"{VIEW}def sweep(request):\n    return JsonResponse({{}})\n"
    )
    other = tmp_path / "settings.py"
    other.write_text('"""Of sweep."""\n\nSECRET = ""  # of views.sweep\n')
    place = Location("urls.py", 6)
    assert convert_view(SourceTree(tmp_path), place, ENTRY).converted.function == "sweep"
    other.write_text('VIEW = "views.sweep"\n')
    with pytest.raises(NotCertainError, match=r"has a view sweep that settings\.py names too"):
        convert_view(SourceTree(tmp_path), place, ENTRY)


def test_a_method_whose_name_means_something_else_is_named_anew(tmp_path: Path) -> None:
    (tmp_path / "urls.py").write_text(VIEW_URLS.replace("Sweep", "SweepView"))
    (tmp_path / "views.py").write_text(NAMES)
    view = convert_view(SourceTree(tmp_path), Location("urls.py", 6), ENTRY)
    defined: dict[str, object] = {}
    exec(view.converted.text, defined)  # noqa: S102 - of this test's own text
    assert eval(f"{view.converted.function}()", defined) == {"swept": 2, "of": 7}  # noqa: S307
    assert {"sweep_view", "sweep_rows", "sweep", "sweep_sum"} <= defined.keys()
    assert "# what is old\ndef sweep_rows():" in view.converted.text


@pytest.mark.parametrize(
    ("above", "ours", "token"),
    [
        (
            "def env(name):\n    return os.environ.get(name)\n\n\n",
            "env('CRON_SECRET')",
            "env('TOKEN')",
        ),
        (
            "CONFIG = {'ours': os.environ['CRON_SECRET'], 'token': os.environ['TOKEN']}\n\n\n",
            "CONFIG['ours']",
            "CONFIG['token']",
        ),
    ],
    ids=["by name", "of a table"],
)
def test_only_what_the_check_compares_goes_with_it(
    tmp_path: Path, above: str, ours: str, token: str
) -> None:
    """Two variables that come the same way are two."""
    (tmp_path / "app.py").write_text(
        f"import os\nfrom fastapi import HTTPException, Request\n{FASTAPI}{above}{ROUTE}"
        "def x(request: Request):\n"
        f"    if request.headers.get('authorization') != {ours}:\n        raise HTTPException(401)\n"
        f"    if not {token}:\n        raise HTTPException(500, 'no token')\n    return run()\n"
    )
    conversion = convert(SourceTree(tmp_path), "app.py", ENTRY, None, "app")
    assert isinstance(conversion, Converted)
    work = (
        f"def x():\n    if not {token}:\n        raise RuntimeError('no token')\n    return run()"
    )
    assert work in conversion.text


MODELS = f"""{FLASK}{ROUTE}def x():
    model = request.args.get("model")
    kind = request.args.get("kind") or "all"
    if model == "none":
        return jsonify(error="no model"), 404
    return jsonify(made=work_on(model, kind))
"""


def test_a_value_that_a_fan_out_gives_is_the_functions_parameter(tmp_path: Path) -> None:
    entry = Entry("/api/cron/x", "0 6 * * *", parameter="model")
    (tmp_path / "index.py").write_text(MODELS)
    converted = convert(SourceTree(tmp_path), "index.py", entry, None, "index.py")
    assert isinstance(converted, Converted)
    assert converted.parameter == "model"
    assert (
        """def x(model: str):
    kind = "all"
    if model == "none":
        raise NonRetriableError("no model")
"""
        in converted.text
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{FLASK}{ROUTE}def x():\n    return jsonify(1)\n", "index.py:7: is given model in a way that is not read"),
        (MODELS.replace("kind =", "model ="), "index.py:7: is given model in a way that is not read"),
        (f"{CLASS}    def do_GET(self):\n        pass\n", "index.py:5: is given model by its path"),
    ],
)  # fmt: skip
def test_a_value_that_is_asked_for_otherwise_keeps_a_handler(
    tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "index.py").write_text(text)
    entry = Entry("/api/cron/x", "0 6 * * *", parameter="model")
    names = ("handler", None) if "do_GET" in text else (None, "index.py")
    assert str(convert(SourceTree(tmp_path), "index.py", entry, *names)) == why


def test_other_paths_of_a_route_are_told(tmp_path: Path) -> None:
    """Whoever takes the work out sees whether anybody calls them."""
    other = ROUTE.replace("/api/cron/x", "/api/cron-run")
    assert other != ROUTE
    made = judged(tmp_path, f"{FASTAPI}{ROUTE}{other}async def x():\n    return {{}}\n")
    assert isinstance(made, Converted)
    assert made.aliases == ("/api/cron-run",)

"""Python's files below ``api/``: which of them Vercel makes functions of, and what those see of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cronshift.handlers import Resolver, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.model import Finding

OTHER_APP = (
    "from flask import Flask\napp = Flask(__name__)\n\n@app.route('/api/users')\ndef users(): ...\n"
)
JOB = "from flask import Flask\njob = Flask(__name__)\n\n@job.route('/api/cron/x')\ndef run(): ...\n\napp = job\n"


@pytest.fixture
def resolver(tmp_path: Path) -> Callable[..., Resolver]:
    """Return what resolves the paths of files."""

    def resolve(files: dict[str, str], document: dict[str, Any] | None = None) -> Resolver:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return Resolver(tmp_path, document or {})

    return resolve


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        ({}, Verdict.ANSWERED),  # the dashboard may say Other
        ({"framework": None}, Verdict.ANSWERED),
        ({"framework": "vite"}, Verdict.ANSWERED),
        ({"rewrites": [{"source": "/(.*)", "destination": "/api/index"}]}, Verdict.ANSWERED),
        ({"framework": "flask"}, Verdict.DEAD),
    ],
)
def test_a_file_answers_what_the_app_does_not(
    resolver: Callable[..., Resolver], document: dict[str, Any], verdict: Verdict
) -> None:
    files = {"requirements.txt": "flask\n", "api/index.py": OTHER_APP, "api/cron/x.py": JOB}
    found = resolver(files, document).resolve("/api/cron/x")
    assert found.verdict is verdict
    assert (found.handler.file if found.handler else None) == (
        "api/cron/x.py" if verdict is Verdict.ANSWERED else None
    )


def test_the_app_answers_first_where_no_preset_is_named(
    resolver: Callable[..., Resolver],
) -> None:
    app = OTHER_APP.replace("/api/users", "/api/cron/x")
    files = {"requirements.txt": "flask\n", "app.py": app, "api/cron/x.py": JOB}
    found = resolver(files).resolve("/api/cron/x")
    assert found.handler
    assert found.handler.file == "app.py"


@pytest.mark.parametrize(
    ("text", "is_function"),
    [
        ("class Handler(Base): ...\n", True),
        ("application = make()\n", True),
        ("app: FastAPI = make()\n", True),
        ("from server import web as app\n", True),
        ("async def app(scope, receive, send): ...\n", True),
        ("", True),
        ("# the app calls this\nrouter = APIRouter()\n", False),
        ("def sync(handler): ...\n", False),
        ("from app import db\n", False),
    ],
)
def test_a_file_is_a_function_by_what_it_names(
    resolver: Callable[..., Resolver], text: str, is_function: bool
) -> None:
    files = {"api/cron/x.py": text, "api/index.ts": "export default () => {};\n"}
    found = resolver(files).resolve("/api/cron/x")
    assert (found.verdict is not Verdict.DEAD) is is_function


def test_a_function_takes_its_app_from_the_root_beside_a_frontend(
    resolver: Callable[..., Resolver],
) -> None:
    files = {
        "web/package.json": '{"devDependencies": {"vite": "7"}}',
        "requirements.txt": "fastapi\n",
        "main.py": "from fastapi import FastAPI\napp = FastAPI()\n\n@app.get('/api/x')\ndef x(): ...\n",
        "api/x.py": "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parents[1]))\nfrom main import app\n",
    }
    document = {"framework": "vite", "outputDirectory": "web/dist"}
    found = resolver(files, document).resolve("/api/x")
    assert found.handler
    assert found.handler.route
    assert (found.handler.file, found.handler.route.file) == ("api/x.py", "main.py")


SENDING = "import os\nimport requests\nfrom http.server import BaseHTTPRequestHandler\nfrom urllib.parse import parse_qs, urlparse\n"
DONE = "        requests.post('https://e.example').raise_for_status()\n        self.send_response(200)\n        self.end_headers()\n"
REFUSED = (
    "            self.send_response(401)\n            self.end_headers()\n            return\n"
)
CHECKED = f"        if self.headers.get('Authorization') != f\"Bearer {{os.environ['CRON_SECRET']}}\":\n{REFUSED}"


@pytest.mark.parametrize(
    ("base", "files"),
    [
        ("BaseHTTPRequestHandler", {}),
        ("Job", {"lib/web.py": f"{SENDING}class Job(BaseHTTPRequestHandler):\n    def log_message(self, *args): ...\n"}),
    ],
)  # fmt: skip
def test_a_class_of_the_project_stands_between(
    told: Callable[..., list[Finding]], base: str, files: dict[str, str]
) -> None:
    imported = "from lib.web import Job\n" if files else ""
    handler = f"{SENDING}{imported}class handler({base}):\n    def do_GET(self):\n{DONE}"
    assert [finding.code for finding in told({"api/cron/x.py": handler, **files})] == ["CS206"]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("        if urlparse(self.path).path == '/api/cron/x':\n            pass\n        else:\n            return\n" + CHECKED, []),
        ("        if urlparse(self.path).path != '/api/cron/x':\n" + CHECKED.replace("        ", "            "), ["CS206"]),
        # a secret in the query that no entry carries
        ("        sent = parse_qs(urlparse(self.path).query).get('secret', [None])[0]\n        if sent != os.environ['JOB_KEY']:\n" + REFUSED, ["CS217"]),
    ],
)  # fmt: skip
def test_the_parts_of_an_address(
    told: Callable[..., list[Finding]], check: str, expected: list[str]
) -> None:
    handler = (
        f"{SENDING}class handler(BaseHTTPRequestHandler):\n    def do_GET(self):\n{check}{DONE}"
    )
    assert [finding.code for finding in told({"api/cron/x.py": handler})] == expected


LISTED = "        done = []\n        try:\n            requests.post('https://e.example').raise_for_status()\n            done.append({'status': 'sent'})\n        except Exception as error:\n            done.append({'status': 'error', 'error': str(error)})\n"
SAYING = "    def say(self, body, status=200):\n        self.send_response(status)\n        self.end_headers()\n        self.wfile.write(json.dumps(body, default=str).encode())\n"


def test_two_answers_of_the_same_status_stay_apart(told: Callable[..., list[Finding]]) -> None:
    """An early answer with nothing to do is not the one that tells of the failure."""
    idle = "        if not rows():\n            self.say({'sent': 0})\n            return\n"
    handler = f"{SENDING}import json\nfrom store import rows\n\nclass handler(BaseHTTPRequestHandler):\n    def do_GET(self):\n{CHECKED}{idle}{LISTED}        self.say({{'results': done}})\n\n{SAYING}"
    assert [finding.code for finding in told({"api/cron/x.py": handler})] == ["CS205"]


def test_routes_of_a_module_that_the_apps_package_loads_last(
    resolver: Callable[..., Resolver],
) -> None:
    files = {
        "requirements.txt": "flask\n",
        "main.py": "from app import app\n",
        "app/__init__.py": "from flask import Flask\n\napp = Flask(__name__)\n\nfrom app import routes\n",
        "app/routes.py": "from app import app\n\n@app.route('/api/x')\ndef x(): ...\n",
    }
    document = {
        "builds": [{"src": "main.py", "use": "@vercel/python"}],
        "routes": [{"src": "/(.*)", "dest": "main.py"}],
    }
    known = resolver(files, document)
    found = known.resolve("/api/x")
    assert found.handler
    assert found.handler.route
    assert (found.handler.file, found.handler.route.file) == ("main.py", "app/routes.py")
    assert known.resolve("/api/y").verdict is Verdict.DEAD


@pytest.mark.parametrize(
    ("dest", "verdict"),
    [
        ("/api/$1.py", Verdict.ANSWERED),
        ("/api/more/$1.py", Verdict.DEAD),
        ("/web.py", Verdict.DEAD),
    ],
)
def test_a_route_leads_to_what_is_built_and_to_no_app_beside(
    resolver: Callable[..., Resolver], dest: str, verdict: Verdict
) -> None:
    files = {
        "requirements.txt": "flask\n",
        "main.py": "from flask import Flask\napp = Flask(__name__)\n@app.get('/api/x')\ndef x(): ...\n",
        "api/x.py": "from http.server import BaseHTTPRequestHandler\nclass handler(BaseHTTPRequestHandler):\n    def do_GET(self): ...\n",
        "api/_kit.py": "",
    }
    builds = [{"src": source, "use": "@vercel/python"} for source in ("api/[!_]*.py", "main.py")]
    document = {"builds": builds, "routes": [{"src": "/api/([^/]+)", "dest": dest}]}
    known = resolver(files, document)
    found = known.resolve("/api/x")
    assert found.verdict is verdict
    assert found.handler is None or found.handler.file == "api/x.py"
    assert known.functions.file("api/_kit.py") is None


def test_an_error_of_another_status_hides_no_failure(told: Callable[..., list[Finding]]) -> None:
    """A helper that writes every answer writes those of 400 too."""
    handler = f"""{SENDING}import json
from store import opened, send

class handler(BaseHTTPRequestHandler):
    def do_GET(self):
{CHECKED}        if not opened():
            return self.say({{"error": "no store"}}, 400)
        errors = []
        try:
            send(1)
        except Exception as error:
            errors.append(str(error))
        self.say({{"errors": errors}})

    def say(self, body, status=200):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
"""
    assert [finding.code for finding in told({"api/cron/x.py": handler})] == ["CS205"]

"""An app whose job fans out over rows, in either language, and the upstream that its work calls."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = ["a", "b c", "gone", "d"]
MODES = ("sequence", "parallel", "runs")
ROUTE = """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
  const model = new URL(request.url).searchParams.get("model") ?? "?";
  const answer = await fetch(`${process.env.UPSTREAM}/work?model=${encodeURIComponent(model)}`);
  return new Response(await answer.text(), { status: answer.status });
}
"""
MODELS = """export async function activeModels() {
  const answer = await fetch(`${process.env.UPSTREAM}/rows`);
  if (!answer.ok) throw new Error(`the database answered ${answer.status}`);
  return (await answer.json()) as { id: string }[];
}
"""
PYTHON_MODELS = """import json
import os
from urllib.request import urlopen


def active_models():
    with urlopen(os.environ["UPSTREAM"] + "/rows") as answer:
        return json.load(answer)
"""
WORK = """import os
from urllib.error import HTTPError
from urllib.request import urlopen

from inngest import NonRetriableError


def run(call):
    query = call.path.partition("?")[2]
    try:
        with urlopen(f"{os.environ['UPSTREAM']}/work?{query}") as answer:
            return answer.read().decode()
    except HTTPError as error:
        if error.code == 410:
            raise NonRetriableError("answered 410") from None
        raise
"""


ROUTES = """import os

import httpx
from fastapi import FastAPI, HTTPException

from cronshift_guard import guard

app = FastAPI()
app.add_middleware(guard.asgi)
"""
ROUTE_OF_MODE = """

@app.get("/api/cron/{mode}")
def {mode}(model: str = "?"):
    answer = httpx.get(os.environ["UPSTREAM"] + "/work", params={{"model": model}}, timeout=30)
    if answer.status_code == 410:
        raise HTTPException(status_code=410, detail="gone for good")
    return {{"did": answer.raise_for_status().text}}
"""


@dataclass
class Upstream:
    """What the app's work asks: the rows, and the work on each.

    Attributes:
        app_id: of the app that asks, where one is known to a server.
        rows: what it tells of them; a number is the status of an answer without any.
        failing: how often the work on a row fails before it does not.
        at_once: the most rows that were worked on beside each other.
    """

    url: str = ""
    app_id: str = ""
    rows: Any = field(default_factory=lambda: [{"id": row} for row in ROWS])
    failing: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    working: int = 0
    at_once: int = 0
    seconds: float = 0.0

    def answer(self, path: str) -> tuple[int, str]:
        parts = urlsplit(path)
        if parts.path == "/rows":
            self.calls["/rows"] += 1
            return (self.rows, "") if isinstance(self.rows, int) else (200, json.dumps(self.rows))
        model = parse_qs(parts.query).get("model", ["?"])[0]
        self.calls[model] += 1
        self.working += 1
        self.at_once = max(self.at_once, self.working)
        time.sleep(self.seconds)
        self.working -= 1
        if model == "gone":
            return 410, "gone for good"
        if self.failing[model] > 0:
            self.failing[model] -= 1
            return 503, "not yet"
        return 200, f"did {model}"


@contextmanager
def upstream() -> Iterator[Upstream]:
    app = Upstream()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = app.answer(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        app.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield app
        finally:
            server.shutdown()
            thread.join()


def fastapi_app(root: Path) -> Path:
    """Write an app whose routes can become the work itself, a mode each."""
    entries = [{"path": f"/api/cron/{mode}", "schedule": "0 9 * * *"} for mode in MODES]
    rewrites = [{"source": "/(.*)", "destination": "/api/index"}]
    files = {
        "vercel.json": json.dumps({"crons": entries, "rewrites": rewrites}),
        "requirements.txt": "fastapi\nhttpx\n",
        "cronshift.toml": settings("python").replace('handler = "work:run"\n', ""),
        "lib/models.py": PYTHON_MODELS,
        "api/index.py": ROUTES + "".join(ROUTE_OF_MODE.format(mode=mode) for mode in MODES),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def settings(target: str, **more: str) -> str:
    """Return a cronshift.toml with a job a mode, each called like it."""
    reference = {"python": "lib/models.py:active_models", "nextjs": "lib/models:activeModels"}
    handler = 'handler = "work:run"\n' if target == "python" else ""
    extra = "".join(f", {name} = {value}" for name, value in more.items())
    jobs = [
        f'[jobs.{mode}]\n{handler}retries = 2\nfan_out = {{ items = "{reference[target]}",'
        f' key = "id", param = "model", mode = "{mode}"{extra} }}\n'
        for mode in MODES
    ]
    return f'[project]\napp_id = "rows"\ntarget = "{target}"\n\n' + "\n".join(jobs)


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def python_app(root: Path, **more: str) -> Path:
    """Write an app in Python."""
    crons = [{"path": f"/api/{mode}", "schedule": "0 6 * * *"} for mode in MODES]
    return write(
        root,
        {
            "vercel.json": json.dumps({"crons": crons}),
            "cronshift.toml": settings("python", **more),
            "lib/models.py": PYTHON_MODELS,
            "work.py": WORK,
        },
    )


def nextjs_app(root: Path, tsconfig: dict[str, Any], **more: str) -> Path:
    """Write a Next.js app, without its packages."""
    crons = [{"path": f"/api/{mode}", "schedule": "0 6 * * *"} for mode in MODES]
    return write(
        root,
        {
            **{f"app/api/{mode}/route.ts": ROUTE for mode in MODES},
            "lib/models.ts": MODELS,
            "vercel.json": json.dumps({"crons": crons}),
            "package.json": json.dumps({"dependencies": {"inngest": "4.24.0", "next": "16.0.0"}}),
            "tsconfig.json": json.dumps(tsconfig),
            "cronshift.toml": settings("nextjs", **more),
        },
    )

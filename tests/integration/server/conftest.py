"""A small package as `migrate` writes it, the real command that serves it, and requests to it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCHEMA = json.loads(
    files("cronshift").joinpath("output/schemas/serve.json").read_text(encoding="utf-8")
)

KEY = "signkey-test-" + "5eed" * 16

CLIENT = """\
import inngest

client = inngest.Inngest(app_id="demo")
"""

# `slow` says in a file that it runs and goes on when another file is there; `stuck` never ends.
FUNCTIONS = """\
import asyncio
import time
from pathlib import Path

import inngest

from .client import client

HERE = Path(__file__).parent


async def wait_for_gate() -> str:
    (HERE / "started").touch()
    while not (HERE / "gate").exists():
        await asyncio.sleep(0.01)
    return "done"


@client.create_function(fn_id="plain", trigger=inngest.TriggerCron(cron="TZ=UTC 0 6 * * *"))
async def plain(ctx: inngest.Context) -> dict[str, bool]:
    return {"ok": True}


@client.create_function(fn_id="slow", trigger=inngest.TriggerCron(cron="TZ=UTC 5 * * * *"))
async def slow(ctx: inngest.Context) -> str:
    return await ctx.step.run("wait", wait_for_gate)


@client.create_function(fn_id="stuck", trigger=inngest.TriggerCron(cron="TZ=UTC 0 0 * * 0"))
def stuck(ctx: inngest.ContextSync) -> None:
    (HERE / "started").touch()
    time.sleep(600)


functions = [plain, slow, stuck]
"""

ASGI = """\
import inngest.fast_api
from fastapi import FastAPI

from cronshift.runtime.signature import SignatureAge

from . import functions
from .client import client

app = FastAPI()
app.add_middleware(SignatureAge)
inngest.fast_api.serve(app, client, functions)
"""


@pytest.fixture(scope="session")
def signing_key() -> str:
    return KEY


@pytest.fixture(scope="session")
def write_package() -> Callable[..., None]:
    def write(root: Path, name: str = "inngest_app", **changed: str) -> None:
        files = {"client": CLIENT, "__init__": FUNCTIONS, "asgi": ASGI} | changed
        (root / name).mkdir(parents=True)
        for stem, text in files.items():
            (root / name / f"{stem}.py").write_text(text)

    return write


@pytest.fixture
def package(tmp_path: Path, write_package: Callable[..., None]) -> Path:
    write_package(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def sign() -> Callable[..., str]:
    """Sign as the engine does, independently of the SDK (facts of the wire protocol)."""

    def signature(body: bytes, *, age: float = 0, key: str = KEY) -> str:
        made = int(time.time() - age)
        canonical = json.dumps(json.loads(body or "0"), sort_keys=True, separators=(",", ":"))
        text = (canonical if body else "").encode() + str(made).encode()
        digest = hmac.new(key.split("-", 2)[2].encode(), text, hashlib.sha256).hexdigest()
        return f"t={made}&s={digest}"

    return signature


@pytest.fixture(scope="session")
def call_body() -> bytes:
    event = {"name": "inngest/scheduled.timer", "data": {}}
    ctx = {
        "attempt": 0,
        "disable_immediate_execution": False,
        "run_id": "01RUN",
        "stack": {"stack": []},
    }
    call = {"ctx": ctx, "event": event, "events": [event], "steps": {}, "use_api": False}
    return json.dumps(call).encode()


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    """Wait until something holds; fail after a deadline that no working machine reaches."""

    def wait(holds: Callable[[], object], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it never came to be"
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, str]]:
    """Make this process's environment without any of the SDK's variables but those given.

    Where this process may not keep what it compiles, they keep it aside: it is half of each start.
    """
    kept = {key: value for key, value in os.environ.items() if "INNGEST" not in key}
    if kept.pop("PYTHONDONTWRITEBYTECODE", None):
        kept["PYTHONPYCACHEPREFIX"] = str(tmp_path_factory.mktemp("compiled"))

    def make(**variables: str) -> dict[str, str]:
        return kept | variables

    return make


@pytest.fixture(scope="module")
def start(
    environment: Callable[..., dict[str, str]],
) -> Iterator[Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]]:
    """Start the real command; return its process and the line it says when it is ready."""
    started: list[subprocess.Popen[str]] = []

    def start(
        root: Path, *arguments: str, **variables: str
    ) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        command = [sys.executable, "-m", "cronshift", "-C", str(root), "--json", "serve"]
        process = subprocess.Popen(
            [*command, *arguments],
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"it did not start: {process.communicate()[1]}")
        document = json.loads(line)
        jsonschema.validate(document, SCHEMA)
        return process, document

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()

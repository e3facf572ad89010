"""Requests per second of ``cronshift serve`` beside a bare ``inngest.fast_api`` app.

Two servers, each its own process under uvicorn with the same settings, take signed calls of one
function from this process, in alternating rounds.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "5eed" * 16
CONNECTIONS = 8
ROUNDS = 32
ROUND_SECONDS = 0.2

FILES = {
    "client.py": """
import inngest
client = inngest.Inngest(app_id="bench")
""",
    "__init__.py": """
import inngest
from .client import client

@client.create_function(fn_id="plain", trigger=inngest.TriggerCron(cron="TZ=UTC 0 0 * * *"))
async def plain(ctx: inngest.Context) -> str:
    return "done"

functions = [plain]
""",
    "asgi.py": """
import inngest.fast_api
from fastapi import FastAPI
from cronshift.runtime.signature import SignatureAge
from . import functions
from .client import client

app = FastAPI()
app.add_middleware(SignatureAge)
inngest.fast_api.serve(app, client, functions)
""",
    "bare.py": """
import json
import inngest.fast_api, uvicorn
from fastapi import FastAPI
from inngest_app import functions
from inngest_app.client import client

class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(json.dumps({"url": f"http://127.0.0.1:{port}/"}), flush=True)

app = FastAPI()
inngest.fast_api.serve(app, client, functions)
Server(uvicorn.Config(app, port=0, log_level="warning")).run()
""",
}


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "inngest_app"
        package.mkdir()
        for name, text in FILES.items():
            (package / name).write_text(text)
        ours = [sys.executable, "-m", "cronshift", "-C", folder, "--json", "serve", "--port", "0"]
        bare = [sys.executable, "-m", "inngest_app.bare"]
        with serving(ours, folder) as our_port, serving(bare, folder) as bare_port:
            for port in (our_port, bare_port):
                asyncio.run(load(port, ROUND_SECONDS))  # a first round warms up
            pairs = [measure(our_port, bare_port, swap=bool(turn % 2)) for turn in range(ROUNDS)]
    ratio = median(our / bare for our, bare in pairs)
    return [
        Row(
            "serve beside a bare inngest.fast_api app",
            f"{median(our for our, _ in pairs):,.0f} requests/s",
            f"{median(bare for _, bare in pairs):,.0f} requests/s",
            ratio,
            ">= 0.95",
            ratio >= 0.95,
        )
    ]


@contextmanager
def serving(command: list[str], folder: str) -> Iterator[int]:
    """Run a server that says its URL in one line of JSON; yield its port."""
    kept = {key: value for key, value in os.environ.items() if "INNGEST" not in key}
    env = kept | {"INNGEST_SIGNING_KEY": f"signkey-test-{KEY}"}
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield int(json.loads(process.stdout.readline())["url"].split(":")[2].partition("/")[0])
    finally:
        process.terminate()
        process.communicate()


def measure(ours: int, bare: int, *, swap: bool) -> tuple[float, float]:
    """Return requests per second of both, measured one right after the other."""
    if swap:
        second = asyncio.run(load(bare, ROUND_SECONDS))
        return asyncio.run(load(ours, ROUND_SECONDS)), second
    return asyncio.run(load(ours, ROUND_SECONDS)), asyncio.run(load(bare, ROUND_SECONDS))


async def load(port: int, seconds: float) -> float:
    """Return how many requests a second are answered over a few kept connections."""
    request = signed_call(port)
    start = time.perf_counter()
    counts = await asyncio.gather(
        *(ask(port, request, start + seconds) for _ in range(CONNECTIONS))
    )
    return sum(counts) / (time.perf_counter() - start)


async def ask(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r")[0]))
        count += 1
    writer.close()
    await writer.wait_closed()
    return count


def signed_call(port: int) -> bytes:
    event = {"name": "inngest/scheduled.timer", "data": {}}
    ctx = {"attempt": 0, "disable_immediate_execution": False, "run_id": "01RUN", "stack": {}}
    call = {"ctx": ctx, "event": event, "events": [event], "steps": {}, "use_api": False}
    body = json.dumps(call, sort_keys=True, separators=(",", ":")).encode()  # canonical as it is
    now = int(time.time())
    digest = hmac.new(KEY.encode(), body + str(now).encode(), hashlib.sha256).hexdigest()
    lines = (
        "POST /api/inngest?fnId=bench-plain&stepId=step HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        f"x-inngest-signature: t={now}&s={digest}",
        "\r\n",
    )
    return "\r\n".join(lines).encode() + body

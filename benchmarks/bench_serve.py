"""Requests per second of ``cronshift serve`` beside a bare ``inngest.fast_api`` app.

Two servers, each its own process under uvicorn with the same settings, take signed calls of one
function from this process, in turns of a few milliseconds: what else the machine does meets both.
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
from itertools import chain
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

KEY = "5eed" * 16
CONNECTIONS = 8
SECONDS = 8.0
WARM_UP = 50  # bursts

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
            our_rate, bare_rate = asyncio.run(rates(our_port, bare_port))
    ratio = our_rate / bare_rate
    return [
        Row(
            "serve beside a bare inngest.fast_api app",
            f"{our_rate:,.0f} requests/s",
            f"{bare_rate:,.0f} requests/s",
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


async def rates(*ports: int) -> list[float]:
    """Return how many requests a second each server answers: the median of its bursts."""
    connections = {port: await connect(port) for port in ports}
    calls = {port: signed_call(port) for port in ports}
    took: dict[int, list[float]] = {port: [] for port in ports}
    order, until = list(ports), time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        for port in order:
            took[port].append(await burst(connections[port], calls[port]))
        order.reverse()
    for _, writer in chain(*connections.values()):
        writer.close()
        await writer.wait_closed()
    return [CONNECTIONS / median(took[port][WARM_UP:]) for port in ports]


async def connect(port: int) -> list[Connection]:
    return [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]


async def burst(connections: list[Connection], request: bytes) -> float:
    """Send one request over each connection at once; return the seconds until all are answered."""
    start = time.perf_counter()
    await asyncio.gather(*(ask(connection, request) for connection in connections))
    return time.perf_counter() - start


async def ask(connection: Connection, request: bytes) -> None:
    reader, writer = connection
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r")[0]))


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

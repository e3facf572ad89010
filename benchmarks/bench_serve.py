"""``cronshift serve`` beside a bare ``inngest.fast_api`` app: requests for its processor, and its stalls.

The servers, each its own process, take signed calls of one function from this process over several
connections, in turns of a few milliseconds: what else the machine does meets all of them. The peer runs
under uvicorn as `pip install uvicorn` leaves it, and again on the parser and the loop that cronshift
brings (`uvicorn[standard]`). A stall is how long a small call waits at most while one with much state
is read.
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
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where it listens, and its process."""

    port: int
    process: int

    def processor(self) -> float:
        """Return the seconds of the processor that it has taken, the system's too."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


KEY = "5eed" * 16
CONNECTIONS = 8
SECONDS = 8.0
WARM_UP = 50  # bursts
TRIES = 5
PLAIN, STANDARD = ("h11", "asyncio"), ("httptools", "uvloop")
LEAST_TIMES_PLAIN, LEAST_TIMES_STANDARD = 1.5, 1.2
LONGEST_STALL = 0.05
STATE_MEGABYTES = 3
STATE: dict[str, object] = {
    f"step{number}": {
        "type": "data",
        "data": [
            {"id": row, "name": f"row {row}", "share": (row + 0.5) / 7} for row in range(6_000)
        ],
    }
    for number in range(10)
}

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
import json, sys
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
http, loop = sys.argv[1:]
Server(uvicorn.Config(app, port=0, log_level="warning", http=http, loop=loop)).run()
""",
}


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "inngest_app"
        package.mkdir()
        for name, text in FILES.items():
            (package / name).write_text(text)
        ours = [sys.executable, "-m", "cronshift", "-C", folder, "--json", "serve", "--port", "0"]
        bare = [
            sys.executable,
            "-m",
            "inngest_app.bare",
            *os.environ.get("PEER", "h11 asyncio").split(),
        ]
        same = [*bare[:-2], *STANDARD]
        with (
            serving(ours, folder) as served,
            serving(bare, folder) as peer,
            serving(same, folder) as standard,
        ):
            our_cost, peer_cost, standard_cost = asyncio.run(costs(served, peer, standard))
            our_stall, peer_stall = (asyncio.run(stall(server.port)) for server in (served, peer))
    return [
        *(
            Row(
                f"serve, {CONNECTIONS} connections, {name}",
                f"{1 / our_cost:,.0f} requests per processor second",
                f"a bare inngest.fast_api app {1 / cost:,.0f}",
                cost / our_cost,
                f">= {least}",
                cost / our_cost >= least,
            )
            for name, cost, least in (
                ("uvicorn", peer_cost, LEAST_TIMES_PLAIN),
                ("uvicorn[standard]", standard_cost, LEAST_TIMES_STANDARD),
            )
        ),
        Row(
            f"serve, stall by {STATE_MEGABYTES} MB of state",
            f"{our_stall * 1e3:.0f} ms",
            f"a bare inngest.fast_api app {peer_stall * 1e3:.0f} ms",
            our_stall / peer_stall,
            f"<= {LONGEST_STALL * 1e3:.0f} ms",
            our_stall <= LONGEST_STALL,
        ),
    ]


@contextmanager
def serving(command: list[str], folder: str) -> Iterator[Server]:
    """Run a server that says its URL in one line of JSON, and yield it."""
    kept = {key: value for key, value in os.environ.items() if "INNGEST" not in key}
    env = kept | {"INNGEST_SIGNING_KEY": f"signkey-test-{KEY}"}
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        yield Server(int(url.split(":")[2].partition("/")[0]), process.pid)
    finally:
        process.terminate()
        process.communicate()


async def costs(*servers: Server) -> list[float]:
    """Return the processor's seconds that each server takes for a request."""
    connections = [await connect(server.port) for server in servers]
    calls = [signed_call(server.port) for server in servers]
    for _ in range(WARM_UP):
        for peers, call in zip(connections, calls, strict=True):
            await burst(peers, call)
    before, rounds = [server.processor() for server in servers], 0
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        rounds += 1
        for peers, call in zip(connections, calls, strict=True):
            await burst(peers, call)
    taken = [server.processor() - then for server, then in zip(servers, before, strict=True)]
    for _, writer in chain(*connections):
        writer.close()
        await writer.wait_closed()
    return [seconds / rounds / CONNECTIONS for seconds in taken]


async def stall(port: int) -> float:
    """Return how long a small call waits at most beside a large one: the least of a few tries."""
    large, small = (await connect(port))[:2]
    longest = []
    for _ in range(TRIES):
        reading = asyncio.create_task(ask(large, signed_call(port, STATE)))
        waits = [0.0]
        while not reading.done():
            start = time.perf_counter()
            await ask(small, signed_call(port))
            waits.append(time.perf_counter() - start)
        await reading
        longest.append(max(waits))
    return min(longest)


async def connect(port: int) -> list[Connection]:
    return [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]


async def burst(connections: list[Connection], request: bytes) -> None:
    """Send one request over each connection at once, and wait until all are answered."""
    await asyncio.gather(*(ask(connection, request) for connection in connections))


async def ask(connection: Connection, request: bytes) -> None:
    reader, writer = connection
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r")[0]))


def signed_call(port: int, steps: dict[str, object] | None = None) -> bytes:
    event = {"name": "inngest/scheduled.timer", "data": {}}
    ctx = {"attempt": 0, "disable_immediate_execution": False, "run_id": "01RUN", "stack": {}}
    call = {"ctx": ctx, "event": event, "events": [event], "steps": steps or {}, "use_api": False}
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

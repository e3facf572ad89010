"""Peers that mean harm, on real sockets: nothing here waits for a time, only for what happens."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI

from cronshift.engine.server.app import ServedApp
from cronshift.engine.server.connections import Connection
from cronshift.engine.server.limits import Limits
from cronshift.engine.server.serving import listen, origin, running
from cronshift.engine.server.syncing import cause

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    Start = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]

HALF_A_HEADER = b"POST /api/inngest HTTP/1.1\r\nhost: x\r\nx-a: "
HALF_A_BODY = b"POST /api/inngest HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"
CHUNKED = b"POST /api/inngest HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
MEGABYTE = 1024 * 1024
FOREVER = 60.0  # only a server that hangs takes so long


@dataclass
class Served:
    """A server in this process; ``gate`` lets its running functions go on."""

    app: ServedApp
    url: str
    gate: threading.Event
    started: threading.Semaphore
    ran: list[str] = field(default_factory=list)

    @property
    def address(self) -> tuple[str, int]:
        url = httpx.URL(self.url)
        return url.host, url.port or 0

    def connect(self, data: bytes = b"") -> socket.socket:
        connection = socket.create_connection(self.address, timeout=FOREVER)
        connection.sendall(data)
        return connection

    def health(self) -> int:
        return httpx.get(f"{self.url}/healthz", timeout=FOREVER).status_code


@contextmanager
def served(key: str, *, production: bool = True, **limits: Any) -> Iterator[Served]:
    gate, started = threading.Event(), threading.Semaphore(0)
    client = inngest.Inngest(app_id="demo", is_production=production, signing_key=key)

    @client.create_function(fn_id="slow", trigger=inngest.TriggerCron(cron="TZ=UTC 5 * * * *"))
    def slow(ctx: inngest.ContextSync) -> str:
        started.release()
        gate.wait(FOREVER)
        return "done"

    @client.create_function(fn_id="plain", trigger=inngest.TriggerCron(cron="TZ=UTC 5 * * * *"))
    async def plain(ctx: inngest.Context) -> dict[str, int]:
        return {"event": len(json.dumps(dict(ctx.event.data)))}

    fastapi = FastAPI()
    inngest.fast_api.serve(fastapi, client, [slow, plain])

    @fastapi.get("/large")
    async def large() -> str:
        return "x" * (32 * MEGABYTE)

    app = ServedApp(fastapi, client, [slow, plain], Limits(**limits))
    listener = listen("127.0.0.1", 0)
    url, stop = origin(listener), asyncio.Event()
    ready = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def live() -> None:
        loops.append(asyncio.get_running_loop())
        async with running(app, listener):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    assert ready.wait(FOREVER)
    try:
        yield Served(app, url, gate, started)
    finally:
        gate.set()
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(FOREVER)
        assert not thread.is_alive()


def ended(connection: socket.socket) -> bytes:
    """Return what the server said until it ended the connection."""
    said = b""
    while True:
        try:
            chunk = connection.recv(65_536)
        except ConnectionResetError:
            return said
        if not chunk:
            return said
        said += chunk


def post(url: str, body: bytes, function: str = "demo-plain", **headers: str) -> httpx.Response:
    return httpx.post(
        f"{url}/api/inngest?fnId={function}&stepId=step",
        content=body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        timeout=FOREVER,
    )


# Bodies


def test_a_body_that_declares_too_much_is_refused_before_it_is_sent(signing_key: str) -> None:
    with served(signing_key) as server, server.connect() as connection:
        connection.sendall(
            b"POST /api/inngest HTTP/1.1\r\nhost: x\r\ncontent-length: 200000000\r\n\r\n"
        )
        said = ended(connection)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"16,777,216 bytes" in said


@pytest.mark.parametrize("chunked", [False, True])
def test_an_unsigned_body_of_200_megabytes_is_never_held(
    start: Start, package: Path, signing_key: str, chunked: bool
) -> None:
    process, ready = start(package, "--port", "0", INNGEST_SIGNING_KEY=signing_key)
    address = httpx.URL(ready["url"])
    length = b"transfer-encoding: chunked" if chunked else b"content-length: 200000000"
    with socket.create_connection((address.host, address.port or 0), FOREVER) as connection:
        connection.sendall(b"POST /api/inngest HTTP/1.1\r\nhost: x\r\n" + length + b"\r\n\r\n")
        part = b"x" * MEGABYTE
        try:
            for _ in range(200):
                connection.sendall(b"%x\r\n%b\r\n" % (MEGABYTE, part) if chunked else part)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            pytest.fail("all of it was taken")
    status = Path(f"/proc/{process.pid}/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    assert peak < 190, "megabytes; an idle server takes some 90"
    assert httpx.get(f"{str(ready['url']).removesuffix('/api/inngest')}/healthz").status_code == 200


def test_bodies_together_are_limited_and_the_largest_gives_way(signing_key: str) -> None:
    with served(signing_key, bodies_bytes=3 * MEGABYTE) as server, ExitStack() as stack:
        head = b"POST /api/inngest HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
        small = stack.enter_context(server.connect(head % 200 + b"{"))
        large = stack.enter_context(server.connect(head % (8 * MEGABYTE) + b"x" * 2 * MEGABYTE))
        other = stack.enter_context(server.connect(head % (8 * MEGABYTE) + b"x" * MEGABYTE))
        other.sendall(b"x" * (MEGABYTE // 2))
        assert ended(large).startswith(b"HTTP/1.1 503 ")
        small.sendall(b" " * 198 + b"}")
        assert small.recv(65_536).startswith(b"HTTP/1.1 401 ")


def test_a_body_has_a_deadline(signing_key: str) -> None:
    with served(signing_key, body_seconds=0.1) as server, server.connect(HALF_A_BODY) as peer:
        said = ended(peer)
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"did not arrive in time" in said


def test_bytes_that_drip_do_not_put_the_deadline_off(signing_key: str) -> None:
    """The peer drips until it is cut off; were the deadline put off, that would never be."""
    with served(signing_key, body_seconds=0.3) as server, server.connect(HALF_A_BODY) as peer:
        peer.settimeout(0.02)
        for _ in range(90):
            try:
                peer.sendall(b" ")
                said = peer.recv(65_536)
                break
            except TimeoutError:
                continue
        else:
            pytest.fail("the whole body was taken")
    assert said.startswith(b"HTTP/1.1 408 ")


def test_what_the_engine_sends_at_most_is_taken(
    signing_key: str, sign: Callable[..., str], call_body: bytes
) -> None:
    """An event of 3 MiB whose numbers are written out, and 4 MiB of steps."""
    call = json.loads(call_body)
    numbers = [100000000000000000000] * (3 * MEGABYTE // 5)
    call["event"]["data"] = {"numbers": numbers}
    call["events"] = []
    pathological = canonical(call)
    assert len(pathological) > 13 * MEGABYTE
    text = json.loads(call_body)
    text["event"]["data"] = {"text": "é" * (2 * MEGABYTE)}
    text["events"] = []
    with served(signing_key) as server:
        for body in (canonical(text), json.dumps(text).encode()):
            answer = post(server.url, body, x_inngest_signature=sign_raw(sign, body))
            assert answer.status_code == 200, answer.text
        assert server.app.limits.body_bytes > len(pathological)


def canonical(call: Any) -> bytes:
    return json.dumps(call, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign_raw(sign: Callable[..., str], body: bytes) -> str:
    """Sign as the engine does: over the canonical form, in which text is not escaped."""
    import hashlib
    import hmac

    made = int(time.time())
    key = b"5eed" * 16
    digest = hmac.new(key, canonical(json.loads(body)) + str(made).encode(), hashlib.sha256)
    return f"t={made}&s={digest.hexdigest()}"


def test_a_large_body_that_is_not_signed_costs_the_event_loop_nothing(
    signing_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK makes any body canonical before it knows who sent it, for seconds a megabyte."""
    from inngest._internal import transforms

    looked: list[int] = []
    real = transforms.canonicalize

    def canonicalize(value: bytes) -> Any:
        looked.append(len(value))
        return real(value)

    monkeypatch.setattr(transforms, "canonicalize", canonicalize)
    body = b'{"a": [' + b"1," * 100_000 + b"1]}"
    now = int(time.time())
    with served(signing_key) as server:
        for headers in ({}, {"x_inngest_signature": f"t={now}&s={'0' * 64}"}):
            answer = post(server.url, body, **headers)
            assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
        assert looked == []
        assert post(server.url, b'{"a": 1}').status_code == 401
        assert looked


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"5", b"null", b"true", b"[[]]", b'[{"ctx": 1}]'])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_signed_body_that_is_no_object_is_a_400_with_one_sentence(
    signing_key: str, sign: Callable[..., str], body: bytes, method: str
) -> None:
    with served(signing_key) as server:
        url = f"{server.url}/api/inngest?fnId=demo-plain&stepId=step"
        headers = {"x-inngest-signature": sign(body), "x-inngest-sync-kind": "in_band"}
        answer = httpx.request(method, url, content=body, headers=headers, timeout=FOREVER)
        assert answer.status_code == 400
        assert answer.json() == {"message": "The body is not a JSON object."}
        unsigned = httpx.request(method, url, content=body, timeout=FOREVER)
        assert method == "PUT" or unsigned.status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"x", b"[" * 3000])
def test_in_dev_mode_too(signing_key: str, body: bytes) -> None:
    with served(signing_key, production=False) as server:
        assert post(server.url, body).status_code == 400
        assert post(server.url, b"{}").status_code >= 500  # an object, though no call


# Connections


def test_half_a_header_has_a_deadline(signing_key: str) -> None:
    with served(signing_key, header_seconds=0.1) as server:
        for data in (b"", HALF_A_HEADER):
            with server.connect(data) as peer:
                assert ended(peer) == b""


@pytest.mark.parametrize(
    ("before", "endless"),
    [
        (HALF_A_HEADER, b"a"),
        (b"POST /api/inngest?", b"a"),
        (b"POST /api/inngest HTTP/1.1\r\nhost: x\r\n", b"x-a: b\r\n"),
        (CHUNKED + b"1;x=", b"a"),
        (CHUNKED + b"1\r\n{\r\n0\r\n", b"x-a: b\r\n"),
    ],
    ids=["value", "address", "headers", "extension", "trailer"],
)
def test_a_header_without_an_end_is_not_held(
    signing_key: str, before: bytes, endless: bytes
) -> None:
    patient: dict[str, Any] = {"header_seconds": 600, "body_seconds": 600}
    with served(signing_key, **patient) as server, server.connect(before) as peer:
        with suppress(ConnectionError):
            for _ in range(3 * 64):
                peer.sendall(endless * (1024 // len(endless)))
        ended(peer)  # though neither a deadline came, nor we left
        assert server.health() == 200


def test_a_header_that_drips_has_the_same_deadline(signing_key: str) -> None:
    with served(signing_key, header_seconds=0.3) as server, server.connect(HALF_A_HEADER) as peer:
        peer.settimeout(0.02)
        cut = False
        for _ in range(3000):
            try:
                peer.sendall(b"a")
                cut = not peer.recv(65_536)
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                cut = True
            if cut:
                break
        assert cut


def test_the_deadline_begins_again_with_each_request_of_a_connection(signing_key: str) -> None:
    probe = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    with served(signing_key, header_seconds=0.5) as server, server.connect() as peer:
        for _ in range(3):
            peer.sendall(probe)
            said = b""
            while not said.endswith(b'{"status": "ok"}'):
                said += peer.recv(65_536)
        peer.sendall(HALF_A_HEADER)
        assert ended(peer) == b""


@pytest.mark.parametrize("half", [HALF_A_HEADER, HALF_A_BODY, b""])
def test_600_half_open_connections_do_not_stop_the_probes(signing_key: str, half: bytes) -> None:
    """No deadline passes meanwhile: those that have waited longest give way."""
    patient: dict[str, Any] = {"header_seconds": 600, "body_seconds": 600}
    with served(signing_key, connections=100, **patient) as server, ExitStack() as stack:
        peers = [stack.enter_context(server.connect(half)) for _ in range(600)]
        assert server.health() == 200
        assert ended(peers[0]) == b""
        assert post(server.url, b"{}").status_code == 401


def test_the_real_command_answers_its_probes_beside_600_half_open_connections(
    start: Start, package: Path, signing_key: str
) -> None:
    process, ready = start(package, "--port", "0", INNGEST_SIGNING_KEY=signing_key)
    address = httpx.URL(ready["url"])
    with ExitStack() as stack:
        for _ in range(600):
            peer = socket.create_connection((address.host, address.port or 0), FOREVER)
            stack.enter_context(peer).sendall(HALF_A_HEADER)
        url = f"http://{address.host}:{address.port}/healthz"
        assert httpx.get(url, timeout=FOREVER).status_code == 200
        process.terminate()
        assert process.wait(FOREVER) == 0


def test_a_connection_too_many_is_told_503_when_every_other_has_a_request(
    signing_key: str, sign: Callable[..., str], call_body: bytes
) -> None:
    with served(signing_key, connections=2) as server:
        signed = {"x_inngest_signature": sign(call_body)}
        calls = [
            threading.Thread(target=post, args=(server.url, call_body, "demo-slow"), kwargs=signed)
            for _ in range(2)
        ]
        for call in calls:
            call.start()
        for _ in calls:
            assert server.started.acquire(timeout=FOREVER)
        refused = post(server.url, call_body, **signed)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json() == {"message": "This server has no connection left."}
        assert server.health() == 200
        server.gate.set()
        for call in calls:
            call.join(FOREVER)
        assert post(server.url, call_body, **signed).status_code == 200


def test_a_peer_that_does_not_take_its_answer_is_let_go(
    signing_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    abort = Connection.abort

    def noted(connection: Connection) -> None:
        abort(connection)
        let_go.set()

    monkeypatch.setattr(Connection, "abort", noted)
    with served(signing_key, answer_seconds=0.2) as server, server.connect() as peer:
        peer.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        assert let_go.wait(FOREVER)
        assert len(ended(peer)) < 32 * MEGABYTE


# The end


def test_what_has_not_arrived_does_not_keep_a_server_from_its_end(
    start: Start, package: Path, signing_key: str
) -> None:
    """The grace is an hour: were half a body waited for, this would never end."""
    options = ("--port", "0", "--grace", "1h")
    process, ready = start(package, *options, INNGEST_SIGNING_KEY=signing_key)
    address = httpx.URL(ready["url"])
    with ExitStack() as stack:
        peers = {}
        for data in (HALF_A_BODY, HALF_A_HEADER, b""):
            peer = socket.create_connection((address.host, address.port or 0), FOREVER)
            stack.enter_context(peer).sendall(data)
            peers[data] = peer
        url = f"http://{address.host}:{address.port}/healthz"
        assert httpx.get(url, timeout=FOREVER).status_code == 200
        process.terminate()
        assert process.wait(FOREVER) == 0
        assert ended(peers[HALF_A_BODY]).startswith(b"HTTP/1.1 503 ")
    assert "cut off" not in process.communicate()[1]


def test_a_step_is_waited_for_while_what_has_not_arrived_is_not(
    start: Start,
    package: Path,
    signing_key: str,
    sign: Callable[..., str],
    call_body: bytes,
    eventually: Callable[..., None],
) -> None:
    options = ("--port", "0", "--grace", "1h")
    process, ready = start(package, *options, INNGEST_SIGNING_KEY=signing_key)
    address = httpx.URL(ready["url"])
    url = str(ready["url"]).removesuffix("/api/inngest")
    answers: list[httpx.Response] = []
    signed = {"x_inngest_signature": sign(call_body)}
    call = threading.Thread(
        target=lambda: answers.append(post(url, call_body, "demo-slow", **signed))
    )
    with socket.create_connection((address.host, address.port or 0), FOREVER) as half:
        half.sendall(HALF_A_BODY)
        call.start()
        eventually((package / "inngest_app/started").exists)
        process.terminate()
        assert ended(half).startswith(b"HTTP/1.1 503 ")
        assert process.poll() is None
        (package / "inngest_app/gate").touch()
        assert process.wait(FOREVER) == 0
    call.join(FOREVER)
    assert answers[0].status_code == 206


def test_a_peer_that_does_not_take_its_answer_is_no_step_that_runs(signing_key: str) -> None:
    with served(signing_key) as server, server.connect() as peer:
        peer.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        assert peer.recv(1) == b"H"  # it is being answered
        assert server.app.running == 0


def test_a_sync_whose_inngest_server_is_down_is_told_in_the_sdks_own_words(
    signing_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request to register has no body, and the failure is not its sender's."""
    monkeypatch.setenv("INNGEST_BASE_URL", "http://127.0.0.1:9")
    with served(signing_key) as server:
        answer = httpx.put(f"{server.url}/api/inngest", timeout=FOREVER)
    assert answer.status_code == 500
    why = cause(answer.status_code, answer.json())
    assert why is not None
    assert why.sentence.startswith("The endpoint cannot reach its Inngest server")

"""The outbound worker against a gateway that speaks the SDK's own protocol buffers."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest
from inngest.connect._internal import connect_pb2 as pb
from websockets import Subprotocol
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve as serve_websocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from websockets.sync.server import ServerConnection

    Start = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]

PATIENCE = 30  # seconds, for what takes one or two
KIND = pb.GatewayMessageType


@dataclass
class Gateway:
    """What the engine's API and its gateway do, for one worker."""

    status: int = 200
    port: int = 0
    websocket_port: int = 0
    authorization: list[str | None] = field(default_factory=list)
    received: Queue[pb.ConnectMessage] = field(default_factory=Queue)
    worker: Queue[ServerConnection] = field(default_factory=Queue)

    def hold(self, connection: ServerConnection) -> None:
        """Shake hands, then keep what the worker sends."""
        self.send(connection, KIND.GATEWAY_HELLO)
        self.received.put(self.read(connection))
        ready = pb.GatewayConnectionReadyData(heartbeat_interval="10s", extend_lease_interval="5s")
        self.send(connection, KIND.GATEWAY_CONNECTION_READY, ready.SerializeToString())
        self.worker.put(connection)
        try:
            while True:
                self.received.put(self.read(connection))
        except ConnectionClosed:
            return

    @staticmethod
    def send(
        connection: ServerConnection, kind: pb.GatewayMessageType, payload: bytes = b""
    ) -> None:
        connection.send(pb.ConnectMessage(kind=kind, payload=payload).SerializeToString())

    @staticmethod
    def read(connection: ServerConnection) -> pb.ConnectMessage:
        raw = connection.recv()
        assert isinstance(raw, bytes)
        message: pb.ConnectMessage = pb.ConnectMessage.FromString(raw)
        return message

    def next(self, kind: pb.GatewayMessageType) -> bytes:
        """Return the payload of the next message of that kind; heartbeats come in between."""
        while True:
            message = self.received.get(timeout=PATIENCE)
            if message.kind == kind:
                return message.payload

    def request(self, function: str, body: bytes) -> ServerConnection:
        """Send one call to the worker that is connected, and return its connection."""
        connection = self.worker.get(timeout=PATIENCE)
        data = pb.GatewayExecutorRequestData(
            request_id="request-1",
            app_name="demo",
            function_slug=function,
            step_id="step",
            request_payload=body,
            lease_id="lease-1",
        )
        self.send(connection, KIND.GATEWAY_EXECUTOR_REQUEST, data.SerializeToString())
        return connection

    def reply(self, connection: ServerConnection) -> pb.SDKResponse:
        """Return the worker's next reply, acknowledged."""
        reply: pb.SDKResponse = pb.SDKResponse.FromString(self.next(KIND.WORKER_REPLY))
        ack = pb.WorkerReplyAckData(request_id=reply.request_id)
        self.send(connection, KIND.WORKER_REPLY_ACK, ack.SerializeToString())
        return reply


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            made.authorization.append(self.headers["authorization"])
            start = pb.StartResponse(
                connection_id="connection-1",
                gateway_endpoint=f"ws://127.0.0.1:{made.websocket_port}/",
            ).SerializeToString()
            self.send_response(made.status if self.path == "/v0/connect/start" else 404)
            self.send_header("content-length", str(len(start)))
            self.end_headers()
            self.wfile.write(start)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """Say nothing."""

    protocols = [Subprotocol("v0.connect.inngest.com")]
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Api) as api,
        serve_websocket(made.hold, "127.0.0.1", 0, subprotocols=protocols) as websocket,
    ):
        made.port = api.server_address[1]
        made.websocket_port = websocket.socket.getsockname()[1]
        threads = [
            threading.Thread(target=api.serve_forever, args=[0.01]),
            threading.Thread(target=websocket.serve_forever),
        ]
        for thread in threads:
            thread.start()
        yield made
        api.shutdown()
        websocket.shutdown()
        for thread in threads:
            thread.join()


def test_a_worker_registers_runs_a_call_and_answers(
    gateway: Gateway, start: Start, package: Path, call_body: bytes, signing_key: str
) -> None:
    process, ready = start(
        package,
        "--connect",
        INNGEST_SIGNING_KEY=signing_key,
        INNGEST_API_BASE_URL=f"http://127.0.0.1:{gateway.port}",
    )
    assert (ready["mode"], len(ready["functions"])) == ("cloud", 3)
    hashed = hashlib.sha256(bytes.fromhex(signing_key.rpartition("-")[2])).hexdigest()
    assert gateway.authorization == [f"Bearer {hashed}"]
    registered = pb.WorkerConnectRequestData.FromString(gateway.next(KIND.WORKER_CONNECT))
    assert registered.apps[0].app_name == "demo"
    assert b"TZ=UTC 0 6 * * *" in registered.apps[0].functions
    connection = gateway.request("demo-plain", call_body)
    gateway.next(KIND.WORKER_REQUEST_ACK)
    reply = gateway.reply(connection)
    assert (reply.status, reply.body) == (pb.SDKResponseStatus.DONE, b'{"ok": true}')
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0


def test_a_running_step_finishes_before_the_worker_ends(
    gateway: Gateway, start: Start, package: Path, call_body: bytes, eventually: Callable[..., None]
) -> None:
    process, ready = start(package, "--connect", INNGEST_DEV=f"http://127.0.0.1:{gateway.port}")
    assert ready["mode"] == "dev"
    assert gateway.authorization == [None]
    connection = gateway.request("demo-slow", call_body)
    eventually((package / "inngest_app" / "started").exists)
    process.terminate()
    gateway.next(KIND.WORKER_PAUSE)
    assert process.poll() is None
    (package / "inngest_app" / "gate").touch()
    reply = gateway.reply(connection)
    assert reply.status == pb.SDKResponseStatus.NOT_COMPLETED
    assert b'"done"' in reply.body
    assert process.wait(PATIENCE) == 0


def test_a_step_that_outlasts_the_grace_does_not_hold_the_worker(
    gateway: Gateway, start: Start, package: Path, call_body: bytes, eventually: Callable[..., None]
) -> None:
    process, _ = start(
        package, "--connect", "--grace", "1s", INNGEST_DEV=f"http://127.0.0.1:{gateway.port}"
    )
    gateway.request("demo-stuck", call_body)
    eventually((package / "inngest_app" / "started").exists)
    process.terminate()
    assert process.wait(PATIENCE) == 1


def test_a_second_ctrl_c_does_not_wait_for_the_worker(
    gateway: Gateway, start: Start, package: Path, call_body: bytes, eventually: Callable[..., None]
) -> None:
    process, _ = start(package, "--connect", INNGEST_DEV=f"http://127.0.0.1:{gateway.port}")
    gateway.request("demo-stuck", call_body)
    eventually((package / "inngest_app" / "started").exists)
    process.send_signal(signal.SIGINT)
    gateway.next(KIND.WORKER_PAUSE)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130


def test_a_worker_that_is_still_connecting_can_be_stopped(
    gateway: Gateway,
    package: Path,
    environment: Callable[..., dict[str, str]],
    eventually: Callable[..., None],
) -> None:
    gateway.status = 500
    command = [sys.executable, "-m", "cronshift", "-C", str(package), "serve", "--connect"]
    with subprocess.Popen(
        command,
        env=environment(INNGEST_DEV=f"http://127.0.0.1:{gateway.port}"),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        eventually(lambda: gateway.authorization)
        process.terminate()
        err = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "never retrieved" not in err


def test_a_key_that_inngest_does_not_accept_is_told(
    gateway: Gateway,
    package: Path,
    environment: Callable[..., dict[str, str]],
    signing_key: str,
) -> None:
    gateway.status = 401
    env = environment(
        INNGEST_SIGNING_KEY=signing_key, INNGEST_API_BASE_URL=f"http://127.0.0.1:{gateway.port}"
    )
    command = [sys.executable, "-m", "cronshift", "-C", str(package), "serve", "--connect"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"Inngest at http://127.0.0.1:{gateway.port} refused the signing key." in done.stderr
    assert signing_key.rpartition("-")[2] not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr

"""The real command, its real uvicorn, and real requests."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cronshift.engine.server.serving import listen, origin, url_of
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]


@pytest.fixture(scope="module")
def cloud(
    start: Start,
    write_package: Callable[..., None],
    tmp_path_factory: pytest.TempPathFactory,
    signing_key: str,
) -> str:
    """The URL of a server in cloud mode."""
    root = tmp_path_factory.mktemp("cloud")
    write_package(root)
    _, ready = start(root, "--port", "0", INNGEST_SIGNING_KEY=signing_key)
    assert ready["mode"] == "cloud"
    return str(ready["url"])


def call(url: str, body: bytes, function: str = "demo-plain", **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{url}?fnId={function}&stepId=step", content=body, headers=sent, timeout=30)


def run(
    root: Path, *arguments: str, env: dict[str, str]
) -> tuple[subprocess.CompletedProcess[str], Any]:
    command = [sys.executable, "-m", "cronshift", "-C", str(root), "--json", "serve", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    return done, json.loads(done.stdout)["error"]


def test_a_signed_call_runs_the_function_and_its_answer_is_signed(
    cloud: str, sign: Callable[..., str], call_body: bytes
) -> None:
    answer = call(cloud, call_body, x_inngest_signature=sign(call_body))
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert answer.headers["x-inngest-sdk"].startswith("inngest-py")
    assert "x-inngest-signature" in answer.headers


def test_a_call_without_a_signature_is_refused(cloud: str, call_body: bytes) -> None:
    answer = call(cloud, call_body)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize("age", [360, 10 * 86_400, -360])
def test_a_call_signed_long_ago_or_in_the_future_is_refused(
    cloud: str, sign: Callable[..., str], call_body: bytes, age: int
) -> None:
    answer = call(cloud, call_body, x_inngest_signature=sign(call_body, age=age))
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_a_call_signed_with_another_key_is_refused(
    cloud: str, sign: Callable[..., str], call_body: bytes
) -> None:
    forged = sign(call_body, key="signkey-test-" + "bad0" * 16)
    assert call(cloud, call_body, x_inngest_signature=forged).status_code == 401


def test_a_stale_signature_with_its_time_rewritten_is_refused(
    cloud: str, sign: Callable[..., str], call_body: bytes
) -> None:
    old, fresh = sign(call_body, age=360), sign(call_body)
    rewritten = fresh.partition("&")[0] + "&" + old.partition("&")[2]
    assert call(cloud, call_body, x_inngest_signature=rewritten).status_code == 401


def test_a_signature_of_another_body_is_refused(
    cloud: str, sign: Callable[..., str], call_body: bytes
) -> None:
    other = call_body.replace(b"01RUN", b"02RUN")
    assert call(cloud, other, x_inngest_signature=sign(call_body)).status_code == 401


def test_a_refused_call_with_a_large_body_leaves_the_connection_usable(
    cloud: str, sign: Callable[..., str]
) -> None:
    body = json.dumps({"pad": "x" * 3_000_000}).encode()
    with httpx.Client() as client:
        stale = {"x-inngest-signature": sign(body, age=360)}
        assert client.post(cloud, content=body, headers=stale).status_code == 401
        fresh = {"x-inngest-signature": sign(b"")}
        assert client.get(cloud, headers=fresh).status_code == 200


def test_introspection_answers_the_signed_and_not_the_unsigned(
    cloud: str, sign: Callable[..., str]
) -> None:
    assert httpx.get(cloud).status_code == 401
    answer = httpx.get(cloud, headers={"x-inngest-signature": sign(b"")}).json()
    assert (answer["function_count"], answer["mode"]) == (3, "cloud")
    assert answer["authentication_succeeded"] is True


def test_a_trust_probe_is_answered_to_who_signs(cloud: str, sign: Callable[..., str]) -> None:
    url = f"{cloud}?probe=trust"
    assert httpx.post(url).status_code == 401
    assert httpx.post(url, headers={"x-inngest-signature": sign(b"")}).status_code == 200


def test_an_in_band_sync_registers_what_the_package_holds(
    cloud: str, sign: Callable[..., str]
) -> None:
    body = json.dumps({"url": "https://jobs.example.com/api/inngest"}).encode()
    headers = {"x-inngest-sync-kind": "in_band", "x-inngest-signature": sign(body)}
    answer = httpx.put(cloud, content=body, headers=headers).json()
    triggers = {each["id"]: each["triggers"][0]["cron"] for each in answer["functions"]}
    assert triggers["demo-plain"] == "TZ=UTC 0 6 * * *"
    stale = headers | {"x-inngest-signature": sign(body, age=360)}
    assert httpx.put(cloud, content=body, headers=stale).status_code == 401


def test_a_ready_server_says_so(cloud: str) -> None:
    origin = cloud.removesuffix("/api/inngest")
    assert httpx.get(f"{origin}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{origin}/readyz").json() == {"status": "ready"}
    assert httpx.head(f"{origin}/readyz").status_code == 200


def test_the_listening_socket_names_its_protocol() -> None:
    """Where it does not, asyncio leaves Nagle's algorithm on and every answer takes 40 ms."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_the_url_of_a_listening_socket_can_be_asked() -> None:
    with listen("localhost", 0) as listener:
        address = httpx.URL(origin(listener))
        with socket.create_connection((address.host, address.port or 0)):
            pass


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - only spelt, not bound
        ("::", "http://[::1]:80"),
        ("fe80::1", "http://[fe80::1]:80"),
    ],
)
def test_an_address_is_told_as_one_that_can_be_asked(host: str, url: str) -> None:
    assert url_of(host, 80) == url


def test_a_busy_port_is_told_with_the_way_out(
    cloud: str, package: Path, environment: Callable[..., dict[str, str]]
) -> None:
    port = cloud.partition("127.0.0.1:")[2].partition("/")[0]
    done, error = run(package, "--port", port, env=environment(INNGEST_DEV="1"))
    assert (done.returncode, error["reason"]) == (2, "port-in-use")
    assert "--port" in error["hint"]


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(CronshiftError) as caught:
        listen("192.0.2.1", 0)
    assert caught.value.reason == "cannot-listen"


def test_missing_keys_are_named_and_no_value_is_told(
    package: Path, environment: Callable[..., dict[str, str]]
) -> None:
    done, error = run(package, env=environment(INNGEST_EVENT_KEY="an-event-key"))
    assert (done.returncode, error["reason"]) == (2, "missing-keys")
    assert error["message"].startswith("INNGEST_SIGNING_KEY is not set")
    assert "an-event-key" not in done.stdout + done.stderr


def test_a_person_is_told_of_both_missing_keys_and_of_dev_mode(
    package: Path, environment: Callable[..., dict[str, str]]
) -> None:
    command = [sys.executable, "-m", "cronshift", "-C", str(package), "serve"]
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "INNGEST_SIGNING_KEY and INNGEST_EVENT_KEY are not set" in done.stderr
    assert "--dev" in done.stderr


def test_a_key_of_the_wrong_shape_is_named_and_its_value_is_not_told(
    package: Path, environment: Callable[..., dict[str, str]]
) -> None:
    done, error = run(package, "-v", env=environment(INNGEST_SIGNING_KEY="signkey-prod-hunter2"))
    assert (done.returncode, error["reason"]) == (2, "invalid-keys")
    assert error["where"] == "INNGEST_SIGNING_KEY"
    assert "hunter2" not in done.stdout + done.stderr


def test_an_import_error_is_one_sentence_without_a_traceback(
    package: Path, environment: Callable[..., dict[str, str]]
) -> None:
    (package / "inngest_app" / "client.py").write_text("import not_installed_here\n")
    done, error = run(package, "--dev", env=environment())
    assert (done.returncode, error["reason"]) == (2, "import-failed")
    assert error["where"] == "inngest_app/client.py:1"
    assert "Traceback" not in done.stdout + done.stderr


def test_an_app_that_cannot_start_is_told(
    package: Path, environment: Callable[..., dict[str, str]]
) -> None:
    asgi = package / "inngest_app" / "asgi.py"
    lifespan = "async def lifespan(app):\n    raise ConnectionError('no database')\n    yield\n"
    text = asgi.read_text().replace(
        "app = FastAPI()", f"{lifespan}\napp = FastAPI(lifespan=lifespan)"
    )
    asgi.write_text(text)
    done, error = run(package, "--dev", "--port", "0", env=environment())
    assert (done.returncode, error["reason"]) == (2, "startup-failed")
    assert "ConnectionError: no database" in error["message"]
    assert "Traceback" not in done.stdout + done.stderr


def test_a_running_step_finishes_and_answers_before_the_end(
    start: Start,
    package: Path,
    sign: Callable[..., str],
    call_body: bytes,
    eventually: Callable[..., None],
    signing_key: str,
) -> None:
    process, ready = start(package, "--port", "0", INNGEST_SIGNING_KEY=signing_key)
    url, origin = ready["url"], ready["url"].removesuffix("/api/inngest")
    signed = {"x_inngest_signature": sign(call_body)}
    with ThreadPoolExecutor() as threads:
        running = threads.submit(call, url, call_body, "demo-slow", **signed)
        eventually((package / "inngest_app" / "started").exists)
        process.terminate()
        eventually(lambda: httpx.get(f"{origin}/readyz").status_code == 503)
        assert httpx.get(f"{origin}/healthz").status_code == 200
        assert call(url, call_body, **signed).status_code == 503
        assert not running.done()
        (package / "inngest_app" / "gate").touch()
        answer = running.result(30)
    assert answer.status_code == 206
    assert answer.json()[0]["data"] == "done"
    assert process.wait(30) == 0


def test_ctrl_c_ends_an_idle_server_well_and_frees_its_port(start: Start, package: Path) -> None:
    process, ready = start(package, "--port", "0", "--dev")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(ready["url"])


@pytest.mark.parametrize("function", ["demo-slow", "demo-stuck"])
def test_a_step_that_outlasts_the_grace_is_cut_off(
    start: Start,
    package: Path,
    call_body: bytes,
    eventually: Callable[..., None],
    function: str,
) -> None:
    process, ready = start(package, "--port", "0", "--dev", "--grace", "1s")
    with ThreadPoolExecutor() as threads:
        running = threads.submit(call, ready["url"], call_body, function)
        eventually((package / "inngest_app" / "started").exists)
        process.terminate()
        assert process.wait(30) == 1
        assert running.result(30).status_code == 503
    err = process.communicate()[1]
    assert "cut off" in err
    assert "Traceback" not in err


def test_a_second_ctrl_c_does_not_wait(
    start: Start,
    package: Path,
    call_body: bytes,
    eventually: Callable[..., None],
) -> None:
    process, ready = start(package, "--port", "0", "--dev")
    origin = ready["url"].removesuffix("/api/inngest")
    with ThreadPoolExecutor() as threads:
        running = threads.submit(call, ready["url"], call_body, "demo-stuck")
        eventually((package / "inngest_app" / "started").exists)
        process.send_signal(signal.SIGINT)
        eventually(lambda: httpx.get(f"{origin}/readyz").status_code == 503)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert running.result(30).status_code == 503
    assert "Traceback" not in process.communicate()[1]


def test_dev_mode_serves_unsigned_calls_and_says_what_comes_next(
    package: Path, environment: Callable[..., dict[str, str]], call_body: bytes
) -> None:
    command = [sys.executable, "-m", "cronshift", "-C", str(package), "serve", "--dev"]
    with subprocess.Popen(
        [*command, "--port", "0"], env=environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = [process.stderr.readline() for _ in range(4)]
        try:
            url = said[3].split()[-1]
            answer = call(url, call_body)
        finally:
            process.terminate()
    assert said[0] == f"Serving 3 functions at {url} (dev mode). Ctrl-C stops.\n"
    assert said[3] == f"  npx inngest-cli@latest dev -u {url}\n"
    assert answer.json() == {"ok": True}


def test_stdout_holds_one_line_of_json_and_nothing_else(start: Start, package: Path) -> None:
    process, ready = start(package, "--port", "0", "--dev", "-v")
    assert httpx.get(ready["url"]).status_code == 200
    process.terminate()
    out, err = process.communicate(timeout=30)
    assert out == ""
    assert "GET /api/inngest" in err
    assert list(ready) == ["version", "url", "mode", "server", "functions"]
    assert ready["url"].startswith("http://127.0.0.1:")
    assert (ready["mode"], ready["functions"]) == ("dev", ["demo-plain", "demo-slow", "demo-stuck"])

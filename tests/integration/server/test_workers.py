"""Several workers on one socket, under load: all of it answered, counted once, and drained together."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]
    Sign = Callable[..., str]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


COUNTING = """
@client.create_function(fn_id="counts", trigger=inngest.TriggerCron(cron="TZ=UTC 0 7 * * *"))
async def counts(ctx: inngest.Context) -> str:
    with (HERE / "runs").open("a") as file:
        file.write("x")
    return "done"


functions = [plain, slow, counts]
"""


@pytest.fixture
def server(
    start: Start, write_package: Callable[..., None], tmp_path: Path, signing_key: str
) -> tuple[subprocess.Popen[str], str]:
    write_package(tmp_path)
    package = tmp_path / "inngest_app" / "__init__.py"
    package.write_text(package.read_text() + COUNTING)
    options = ("--port", "0", "--workers", "2", "--metrics", "--log", "off", "--grace", "20s")
    process, ready = start(tmp_path, *options, INNGEST_SIGNING_KEY=signing_key)
    return process, str(ready["url"])


def call(url: str, body: bytes, signature: str, function: str = "demo-plain") -> int:
    """Call a function on a connection of its own, which either worker may take."""
    address = f"{url}?fnId={function}&stepId=step"
    headers = {"x-inngest-signature": signature}
    return httpx.post(address, content=body, headers=headers, timeout=30).status_code


def counted(url: str, function: str = "demo-plain") -> float:
    text = httpx.get(url.replace("/api/inngest", "/metrics")).text
    rows = re.findall(
        rf'^cronshift_calls_total{{function="{function}",status="2\d\d"}} (\S+)$',
        text,
        re.MULTILINE,
    )
    assert rows, text
    return sum(map(float, rows))


def children(process: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(word) for word in listed.split()]


def test_what_all_workers_have_answered_is_counted_wherever_it_is_asked(
    server: tuple[subprocess.Popen[str], str], sign: Sign, call_body: bytes
) -> None:
    process, url = server
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call, url, call_body, sign(call_body)) for _ in range(60)]
        assert {each.result() for each in calls} == {200}
    assert [counted(url) for _ in range(6)] == [60.0] * 6
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_a_drain_under_load_loses_nothing_that_was_taken(
    server: tuple[subprocess.Popen[str], str], sign: Sign, call_body: bytes, tmp_path: Path
) -> None:
    """Whatever has run was answered; what was turned away (503, or no connection) has not run at all."""
    process, url = server
    answers: list[int] = []
    package = tmp_path / "inngest_app"
    with ThreadPoolExecutor(8) as pool:
        slow = pool.submit(call, url, call_body, sign(call_body), "demo-slow")
        while not (package / "started").exists():
            time.sleep(0.01)

        def load() -> None:
            while True:
                try:
                    answers.append(call(url, call_body, sign(call_body), "demo-counts"))
                except httpx.HTTPError:  # it still waited to be taken
                    return
                if answers[-1] == 503:
                    return

        loads = [pool.submit(load) for _ in range(6)]
        while len(answers) < 30:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        (package / "gate").touch()
        assert slow.result() == 206
        for each in loads:
            each.result()
    assert process.wait(40) == 0
    assert set(answers) <= {200, 503}
    assert len((package / "runs").read_text()) == answers.count(200)


def test_a_worker_that_dies_is_begun_anew_and_what_it_counted_stays(
    server: tuple[subprocess.Popen[str], str], sign: Sign, call_body: bytes
) -> None:
    process, url = server
    for _ in range(10):
        assert call(url, call_body, sign(call_body)) == 200
    before = children(process)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    while before[0] in (now := children(process)) or len(now) < 2:
        time.sleep(0.05)
    for _ in range(10):
        assert call(url, call_body, sign(call_body)) == 200
    assert counted(url) == 20.0
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_workers_end_with_the_process_that_began_them(
    server: tuple[subprocess.Popen[str], str],
) -> None:
    process, url = server
    workers = children(process)
    process.kill()
    process.wait(10)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in workers):
        time.sleep(0.1)
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_an_app_that_cannot_be_imported_is_told_once(
    write_package: Callable[..., None], tmp_path: Path, environment: Callable[..., dict[str, str]]
) -> None:
    write_package(tmp_path, asgi="raise RuntimeError('broken')")
    command = [sys.executable, "-m", "cronshift", "-C", str(tmp_path), "serve", "--dev"]
    done = subprocess.run(
        [*command, "--port", "0", "--workers", "2"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert (done.stdout + done.stderr).count("cannot be imported") == 1

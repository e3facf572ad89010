"""The same runs against a second endpoint, written in TypeScript on the npm SDK."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.engine.executor.engine import RunTarget, Surroundings, execute
from cronshift.engine.executor.events import Receiver, custom_event
from cronshift.engine.executor.runs import Run, Status
from cronshift.engine.server.endpoint import Endpoint
from cronshift.engine.validation import Registration, inspect_endpoint
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Iterator

NODE = Path(__file__).parents[2] / "node"
KEY = "signkey-test-0123abcd"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
pytestmark = pytest.mark.node


@contextmanager
def serving(**environment: str) -> Iterator[str]:
    """Serve the endpoint on a free loopback port, for the length of the block."""
    process = subprocess.Popen(
        ["node", "--import", "tsx", "endpoint.ts"],
        cwd=NODE,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdin
        assert process.stdout
        port = json.loads(process.stdout.readline())["port"]
        try:
            yield f"http://127.0.0.1:{port}/api/inngest"
        finally:
            process.stdin.close()
            process.stdout.read()


class TypeScript:
    """Functions served by Node.js, whose events come back here."""

    def __init__(self, url: str, receiver: Receiver, loop: asyncio.AbstractEventLoop) -> None:
        self.url = url
        self._receiver = receiver
        self._loop = loop

    def run(
        self,
        name: str,
        *,
        attempts: int = 4,
        data: dict[str, Any] | None = None,
        replies: tuple[dict[str, Any], ...] = (),
        known: bool | None = False,
    ) -> Run:
        async def drive() -> Run:
            event = custom_event("check/start", data or {}, datetime.now(UTC))
            target = RunTarget(f"check-{name}", attempts, known)
            around = Surroundings(receiver=self._receiver, replies=replies)
            async with Endpoint.http(self.url) as endpoint:
                return await execute(endpoint, target, event, around)

        return self._loop.run_until_complete(drive())


@pytest.fixture(scope="module")
def typescript(node_packages: Path) -> Iterator[TypeScript]:
    with asyncio.Runner() as runner:
        loop, receiver = runner.get_loop(), Receiver()
        listening = receiver.listening()
        loop.run_until_complete(listening.__aenter__())
        with serving(INNGEST_DEV="1", INNGEST_BASE_URL=receiver.url) as url:
            yield TypeScript(url, receiver, loop)
        loop.run_until_complete(listening.__aexit__(None, None, None))


def told(run: Run) -> list[tuple[str, str, str, int]]:
    return [(step.id, step.op, str(step.status), step.attempts) for step in run.steps]


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("plain", {"said": "check/start", "data": {"id": 7}}),
        ("steps", "abc"),
        ("parallel", ["a", "b", "c", "d"]),
        ("races", "worked"),
        ("sleeps", "awake"),
        ("waits", None),
        ("sends", 2),
        ("invokes", {"said": "inngest/function.invoked", "data": {"by": "invokes"}}),
        ("invokes-broken", "caught: no use"),
        ("flaky-step", 3),
        ("flaky", 3),
        ("flaky-parallel", [2, 1]),
        ("later", "done"),
    ],
)
def test_every_kind_of_step_comes_to_its_end(
    typescript: TypeScript, name: str, output: Any
) -> None:
    run = typescript.run(name, data={"id": 7})
    assert run.error is None
    assert run.output == output


def test_the_steps_are_told_as_those_of_python_are(typescript: TypeScript) -> None:
    assert told(typescript.run("steps")) == [
        ("one", "StepRun", "completed", 1),
        ("two", "StepRun", "completed", 1),
        ("two", "StepRun", "completed", 1),
    ]
    run = typescript.run("sleeps")
    assert [step.op for step in run.steps] == ["Sleep", "Sleep"]
    assert run.steps[0].waited == pytest.approx(timedelta(hours=2), abs=timedelta(seconds=5))


def test_a_step_may_name_when_to_try_it_again(typescript: TypeScript) -> None:
    run = typescript.run("later-step")
    assert run.output == "done"
    assert run.waited == pytest.approx(timedelta(seconds=90), abs=timedelta(seconds=5))


def test_a_wait_ends_with_the_event_that_fits(typescript: TypeScript) -> None:
    replies = (custom_event("check/answer", {"id": 7, "yes": True}, NOW),)
    assert typescript.run("waits", data={"id": 7}, replies=replies).output == {
        "id": 7,
        "yes": True,
    }


def test_events_come_to_the_executor(typescript: TypeScript) -> None:
    run = typescript.run("sends")
    assert [event["data"] for event in run.sent] == [{"number": 1}, {"number": 2}]


@pytest.mark.parametrize("known", [True, None])
def test_a_run_that_fails_has_its_failure_handled(
    typescript: TypeScript, known: bool | None
) -> None:
    run = typescript.run("broken", attempts=2, known=known)
    assert run.status is Status.FAILED
    assert run.error is not None
    assert run.error.message.startswith("broken fails, number ")
    assert told(run) == [("broken", "StepRun", "failed", 2)]
    assert run.failure_run is not None
    assert run.failure_run.output == {"error": run.error.message, "failed": "check-broken"}


def test_the_failure_of_a_step_can_be_caught(typescript: TypeScript) -> None:
    run = typescript.run("catches", attempts=2)
    assert str(run.output).startswith("catches fails, number ")
    assert [str(step.status) for step in run.steps] == ["failed", "completed"]


@pytest.mark.parametrize("name", ["non-retriable", "non-retriable-step"])
def test_what_is_not_to_be_retried_is_not(typescript: TypeScript, name: str) -> None:
    run = typescript.run(name, known=None)
    assert run.status is Status.FAILED
    assert run.error is not None
    assert run.error.message.startswith("no use")
    assert (run.waited, run.failure_run) == (timedelta(0), None)


def inspected(url: str, key: str | None) -> Registration:
    async def ask() -> Registration:
        async with Endpoint.http(url, key) as endpoint:
            return await inspect_endpoint(endpoint)

    return asyncio.run(ask())


def test_an_endpoint_in_dev_mode_tells_how_many_functions_it_has(typescript: TypeScript) -> None:
    registration = inspected(typescript.url, None)
    assert (registration.mode, registration.count) == ("dev", 19)  # one is a failure handler


def test_an_endpoint_in_cloud_mode_lists_them_to_who_has_its_key(node_packages: Path) -> None:
    with serving(INNGEST_DEV="0", INNGEST_SIGNING_KEY=KEY) as url:
        registration = inspected(url, KEY)
        with pytest.raises(CronshiftError):
            inspected(url, "signkey-test-ffff")
    assert registration.app_id == "check"
    assert registration.functions is not None
    assert {function.crons[0].cron for function in registration.functions if function.crons} == {
        "TZ=UTC 0 6 * * *"
    }
    handlers = [function.id for function in registration.functions if function.is_failure_handler]
    assert handlers == ["check-broken-failure"]

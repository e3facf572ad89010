"""One suite of behaviours on both engines: the executor always, a real server where there is one.

Start one with ``inngest dev --no-discovery --retry-interval 1`` and set ``INNGEST_DEV_URL``.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tests.integration.engine.behaviours import (
    APP,
    EVERY_MINUTE,
    GIVING_BACK,
    INNGESTS,
    QUEUING,
    Seen,
    app,
)
from tests.integration.engine.engines import PATIENCE, SERVER, Engine, Executor, Server
from tests.integration.sockets import serving

from cronshift.runtime import claiming
from cronshift.runtime.held import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cronshift.engine.executor.runs import Run

needs_server = pytest.mark.skipif(not SERVER, reason="INNGEST_DEV_URL is not set")


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def endpoint(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("INNGEST_DEV", SERVER or "1")
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", json.dumps(INNGESTS))
    SOURCE.forget()
    with serving(app(seen)) as address:
        monkeypatch.setenv("BEHAVIOURS_HEARTBEAT", f"{address}/ping")
        yield f"{address}/api/inngest"
    SOURCE.forget()


@pytest.fixture(params=[Executor, pytest.param(Server, marks=needs_server)])
def engine(request: pytest.FixtureRequest, endpoint: str) -> Engine:
    made: Engine = request.param(endpoint)
    return made


@pytest.fixture
def server(endpoint: str) -> Server:
    return Server(endpoint)


def reached(condition: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Wait until a condition holds: what an engine does after a run comes a little later."""
    deadline = time.monotonic() + patience
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


@pytest.mark.parametrize(
    ("name", "status", "calls"),
    [
        ("plain", "completed", {"plain": 1}),
        ("steps", "completed", {"one": 1, "two": 1}),
        ("sleeps", "completed", {"awake": 1}),
        ("flaky", "completed", {"before": 1, "flaky": 3}),
        ("broken", "failed", {"broken": 2, f"{APP}-broken failed": 1}),
        ("refuses", "failed", {"refuses": 1, f"{APP}-refuses failed": 1}),
    ],
)
def test_a_run_comes_to_the_same_end_on_both(
    engine: Engine, seen: Seen, name: str, status: str, calls: dict[str, int]
) -> None:
    assert engine.run(name) == status
    assert reached(lambda: calls.items() <= seen.calls.items()), seen.calls


def test_a_run_that_takes_too_long_is_cancelled_in_its_request_and_told_once(
    engine: Engine, seen: Seen
) -> None:
    """No failure handler hears of it; the work of the request is done all the same."""
    assert engine.run("too-long") == "cancelled"
    assert reached(lambda: seen.cancelled == [f"{APP}-too-long"]), seen.cancelled
    assert seen.calls["too-long"] == 1
    assert seen.calls["/ping/fail"] == 0  # of runs that the schedule did not begin nobody is told
    assert not seen.calls[f"{APP}-too-long failed"]


def test_a_cancelled_run_of_the_schedule_is_told_to_its_monitor(endpoint: str, seen: Seen) -> None:
    assert Executor(endpoint).tick("too-long") == "cancelled"
    assert reached(lambda: seen.calls["/ping/fail"] == 1), seen.calls


@pytest.mark.parametrize(("name", "most"), [("beside", 3), ("one-by-one", 1)])
def test_concurrency_counts_steps(engine: Engine, seen: Seen, name: str, most: int) -> None:
    assert engine.run(name) == "completed"
    assert (seen.calls[name], seen.at_once[name]) == (3, most)


def test_a_run_that_has_begun_keeps_its_tick_whatever_its_retries_find(
    engine: Engine, seen: Seen
) -> None:
    """The first attempt fails, and by the second the file says that the tick is Vercel's."""
    assert engine.tick(EVERY_MINUTE.id) == "completed"
    assert (seen.calls["attempts"], seen.calls["work"]) == (2, 1)
    assert os.environ["CRONSHIFT_OWNERSHIP"] != json.dumps(INNGESTS)


def test_a_run_that_is_queued_before_its_minute_is_for_that_minute(
    engine: Engine, seen: Seen
) -> None:
    """The engine was seen to queue a tick's run up to 20 ms early; its event says the minute."""
    before = datetime.now(UTC)
    assert engine.tick(EVERY_MINUTE.id) == "completed"
    (tick,) = set(seen.ticks)
    assert (tick.second, tick.microsecond) == (0, 0)
    assert before - timedelta(minutes=1) <= tick <= datetime.now(UTC)


def test_a_tick_of_vercels_ends_with_a_short_output(
    engine: Engine, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", '{"version": 1, "jobs": {}}')
    SOURCE.forget()
    assert engine.tick(EVERY_MINUTE.id) == "completed"
    assert seen.calls["skipped: owner vercel"]
    assert engine.output() == {"skipped": "owner vercel"}
    assert not seen.calls["attempts"]


# Several runs of one function: only a real engine has them


@needs_server
def test_a_skipping_singleton_drops_runs_while_one_waits_for_its_retry(
    server: Server, seen: Seen
) -> None:
    for _ in range(3):
        server.send("skips")
        time.sleep(0.4)
    assert reached(lambda: seen.calls["skips"] == 1)
    assert len({line.split()[0] for line in seen.order}) == 1


@needs_server
def test_a_concurrency_of_one_lets_runs_interleave_between_their_attempts(
    server: Server, seen: Seen
) -> None:
    for _ in range(3):
        server.send("interleaves")
    assert reached(lambda: seen.calls["interleaves"] == 3)
    runs = [line.split()[0] for line in seen.order]
    switches = sum(one != other for one, other in pairwise(runs))
    assert switches > 2  # three runs one behind the other switch twice


@needs_server
def test_where_claims_are_on_a_queued_run_waits_until_the_earlier_tick_has_ended(
    endpoint: str, seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first tick's run sleeps over the second tick, and holds no place of the engine's then."""
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", f"sqlite:///{tmp_path / 'claims.db'}")
    Server(endpoint)
    assert reached(lambda: len(seen.order) >= 4, 300)
    ticks = [line.split()[0] for line in seen.order[:4]]
    assert [line.split()[1] for line in seen.order[:4]] == ["first", "second"] * 2
    assert ticks[0] == ticks[1] < ticks[2] == ticks[3]


def test_a_run_that_fails_for_good_gives_its_tick_back(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run of the next tick would wait for it until its claim is over."""
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", f"sqlite:///{tmp_path / 'claims.db'}")
    tick = datetime.now(UTC).replace(second=0, microsecond=0)
    assert Executor(endpoint).tick(GIVING_BACK.id) == "failed"
    assert not claiming.goes_on_before(GIVING_BACK.id, tick + timedelta(minutes=2))
    assert not claiming.has_run(GIVING_BACK.id, tick)


def test_a_queued_run_looks_again_until_the_earlier_tick_has_ended(
    endpoint: str, seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", f"sqlite:///{tmp_path / 'claims.db'}")
    earlier = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    assert claiming.take(QUEUING.id, earlier, "another run")
    waits: list[int] = []

    def look(run: Run) -> None:
        waits.append(sum(step.id.startswith("wait") for step in run.steps))
        if waits[-1] == 2:
            claiming.finish(QUEUING.id, earlier, "another run")

    assert Executor(endpoint, look).tick(QUEUING.id) == "completed"
    assert waits[-1] == 2
    assert [line.split()[1] for line in seen.order] == ["first", "second"]

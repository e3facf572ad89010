"""The two engines behind one face: cronshift's executor, and a real server where there is one."""

from __future__ import annotations

import asyncio
import os
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from tests.integration.engine.behaviours import APP, EVERY_MINUTE, GIVING_BACK

from cronshift.engine.executor.clock import Clock
from cronshift.engine.executor.engine import RunTarget, Surroundings, execute
from cronshift.engine.executor.events import Receiver, custom_event, tick_event
from cronshift.engine.server.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.engine.executor.runs import Run

SERVER = os.environ.get("INNGEST_DEV_URL", "").rstrip("/")
PATIENCE = 150.0  # seconds: a tick is up to a minute away, and a retry half a minute
_ENDED = {"COMPLETED", "FAILED", "CANCELLED"}
_OPTIONS: dict[str, dict[str, Any]] = {
    "flaky": {"attempts": 3},
    "broken": {"attempts": 2, "has_failure_handler": True},
    "refuses": {"attempts": 4, "has_failure_handler": True},
    "too-long": {
        "attempts": 4,
        "has_failure_handler": True,
        "finish_timeout": timedelta(seconds=2),
        "cancelled_handler": f"{APP}-cronshift-cancelled",
    },
    "one-by-one": {"concurrency": 1},
    EVERY_MINUTE.id: {"attempts": 3},
    GIVING_BACK.id: {"attempts": 1, "has_failure_handler": True},
}


class Engine(ABC):
    """Runs a function to its end and says how that was: ``completed``, ``failed``, ``cancelled``."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    @abstractmethod
    def run(self, name: str) -> str:
        """Start the function by its event."""

    @abstractmethod
    def tick(self, name: str) -> str:
        """Let the function's next tick come."""

    @abstractmethod
    def output(self) -> Any:
        """Return what the last run that came to its end has returned."""


class Executor(Engine):
    """The one of ``cronshift run``, waits passed over.

    Args:
        endpoint: where the functions are served.
        observe: called with the run whenever it has changed.
    """

    def __init__(self, endpoint: str, observe: Callable[[Run], None] = lambda _: None) -> None:
        super().__init__(endpoint)
        self.observe = observe
        self._output: Any = None

    def run(self, name: str) -> str:
        return self._drive(name, custom_event(f"behaviours/{name}", {}, datetime.now(UTC)))

    def tick(self, name: str) -> str:
        now = datetime.now(UTC)
        tick = now.replace(second=0, microsecond=0)
        event = tick_event("TZ=UTC * * * * *", tick, tick)
        del event["data"]["cronshift"]  # as the engine sends it
        return self._drive(name, event)

    def _drive(self, name: str, event: dict[str, Any]) -> str:
        async def drive() -> str:
            target = RunTarget(f"{APP}-{name}", **_OPTIONS.get(name, {}))
            around = Surroundings(Clock(), Receiver(), observe=self.observe)
            async with Endpoint.http(self.endpoint) as endpoint:
                run = await execute(endpoint, target, event, around)
                self._output = run.output
                return str(run.status)

        return asyncio.run(drive())

    def output(self) -> Any:
        return self._output


class Server(Engine):
    """A real one, with which the app is registered."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        answer = httpx.put(endpoint, timeout=30)
        assert answer.is_success, answer.text
        self._run = ""

    def run(self, name: str) -> str:
        before = set(self.runs(name))
        self.send(name)
        return self._ended(name, before)

    def tick(self, name: str) -> str:
        return self._ended(name, set(self.runs(name)))

    def send(self, name: str) -> None:
        """Send the event that starts the function."""
        sent = {"name": f"behaviours/{name}", "data": {}}
        assert httpx.post(f"{SERVER}/e/key", json=sent).is_success

    def runs(self, name: str) -> dict[str, str]:
        """Return the function's runs and how they stand; the server's list lags behind."""
        path = f"/api/v2/apps/{APP}/functions/{name}/runs"
        runs = httpx.get(SERVER + path).json().get("data") or []
        return {run["id"]: str(run["status"]).upper() for run in runs}

    def _ended(self, name: str, before: set[str]) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            new = {run: how for run, how in self.runs(name).items() if run not in before}
            ended = {run: how for run, how in new.items() if how in _ENDED}
            if ended:
                self._run, how = next(iter(ended.items()))
                return how.lower()
            time.sleep(0.3)
        raise AssertionError(f"{name} did not come to an end")

    def output(self) -> Any:
        """Return what the run's own span says: elsewhere a run that saved its steps has none."""
        path = f"/api/v2/runs/{self._run}/trace?includeOutput=true"
        return httpx.get(SERVER + path).json()["data"]["rootSpan"]["output"]

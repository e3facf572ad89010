"""Pings from TypeScript: the requests that Python makes, and none that a receiver could hold."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.runtime.test_pinging import endless, plain, receiver

from cronshift.runtime.pinging import correlation

from .conftest import library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., list[str]]

PINGED = Path(__file__).with_name("pinged.ts")
RUN = "01M8EEF3JTNMEAQHZQ4RXVZ310"
pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def folder(node_packages: Path) -> Iterator[Path]:
    with library(node_packages) as root:
        (root / "pinged.ts").write_text(PINGED.read_text())
        yield root


@pytest.fixture
def run(folder: Path, node_packages: Path) -> Run:
    loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()

    def run(address: str, kind: str = "") -> list[str]:
        ran = subprocess.run(
            ["node", "--import", loader, "pinged.ts", kind],
            cwd=folder,
            env={**os.environ, "MONITOR": address},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stderr
        assert "secret-key" not in ran.stdout + ran.stderr
        told: Any = json.loads(ran.stdout)
        return list(told)

    return run


def test_a_run_of_the_schedule_is_told_as_python_tells_it(run: Run) -> None:
    with receiver(plain(200)) as (address, asked):
        assert run(address) == ["null", "sent, answered 200", "sent, answered 200"]
        ends = ["/ping/secret-key/start", "/ping/secret-key", "/ping/secret-key/fail"]
        assert asked.paths == ends
        assert asked.queries == [f"rid={correlation(RUN)}"] * 3
    with receiver(plain(200), "/api/4/cron/tally/secret-key/") as (address, asked):
        run(address)
        assert [query.split("&")[0] for query in asked.queries] == [
            "status=in_progress",
            "status=ok",
            "status=error",
        ]
        assert all(f"check_in_id={correlation(RUN)}" in query for query in asked.queries)
    with receiver(plain(200), "/heartbeat/secret-key") as (address, asked):
        run(address)
        assert asked.paths == ["/heartbeat/secret-key", "/heartbeat/secret-key/fail"]


def test_a_run_by_hand_is_not_told(run: Run) -> None:
    with receiver(plain(200)) as (address, asked):
        untold = "not told: no run of the schedule"
        assert run(address, "by hand") == ["null", untold, untold]
        assert asked.paths == []


def test_what_a_receiver_does_fails_nothing(run: Run) -> None:
    assert run("http://127.0.0.1:9/ping/secret-key")[1:] == ["failed: TypeError"] * 2
    assert run("no address")[1:] == ["failed: TypeError"] * 2
    with receiver(endless) as (address, _):
        assert run(address)[1:] == ["sent, answered 200"] * 2
    with receiver(plain(503)) as (address, _):
        assert run(address)[1:] == ["sent, answered 503"] * 2

"""The controller of a rollout is killed a thousand times: each tick has one owner all the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from cronshift.moving.migration import prepare_migration
from cronshift.operations import apply
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import Owner, Ownership
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BEGIN = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
DEPLOY = timedelta(minutes=15)
PROJECTS, KILLS = int(os.environ.get("CRONSHIFT_KILLED_PROJECTS", "5")), 40  # 25 are 1,000 kills
SCHEDULE = Schedule.parse("TZ=UTC */10 * * * *")
APP = """from fastapi import FastAPI

app = FastAPI()


@app.get("/api/cron/mail")
def mail():
    return {"sent": 1}
"""


class Taker:
    """Takes steps in processes that may be killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("advanced_at.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, root: Path, now: datetime, percent: int, number: int) -> bool:
        """Take a step that dies at the n-th call, and return whether it died."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{root}\t{now.isoformat()}\t{percent}\t{number}\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        assert status in {0, 9}, f"the step failed: {status}"
        return status == 9

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def take() -> Iterator[Taker]:
    taker = Taker()
    yield taker
    taker.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "project"
    (root / "api").mkdir(parents=True)
    (root / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/mail", "schedule": "*/10 * * * *"}]}'
    )
    (root / "requirements.txt").write_text("fastapi\n")
    (root / "api/index.py").write_text(APP)
    apply(root, prepare_migration(load_project(root), (), BEGIN, fix=True).operation)
    return root


class Deployed:
    """The file that one side goes by: it takes up each version some time after that was written."""

    def __init__(self, delay: Callable[[], timedelta]) -> None:
        self._delay = delay
        self._from: list[datetime] = []
        self._files: list[Ownership] = []

    def take_up(self, ownership: Ownership, written: datetime) -> None:
        start = written + self._delay()
        while self._from and self._from[-1] >= start:
            self._from.pop()
            self._files.pop()
        self._from.append(start)
        self._files.append(ownership)

    def at(self, tick: datetime) -> Ownership:
        return self._files[bisect_right(self._from, tick) - 1]


@pytest.mark.parametrize("number", range(PROJECTS))
def test_a_controller_that_is_killed_leaves_each_tick_one_owner(
    take: Taker, template: Path, tmp_path: Path, number: int
) -> None:
    chance = Random(number)  # noqa: S311 - no secret
    root = Path(shutil.copytree(template, tmp_path / "project"))
    sides = [Deployed(lambda: chance.random() * DEPLOY) for _ in range(2)]
    for side in sides:
        side.take_up(read_ownership(root), BEGIN - timedelta(days=1))
    now, deaths, acting = BEGIN, 0, set()
    for _ in range(KILLS):
        percent = chance.choice((10, 50, 100, 100, 0))
        deaths += take(root, now, percent, chance.randint(1, 45))
        for side in sides:
            side.take_up(read_ownership(root), now)
        now += chance.choice((timedelta(minutes=2), timedelta(minutes=40), timedelta(hours=13)))
    for tick in SCHEDULE.after(BEGIN):
        if tick > now:
            break
        vercel, inngest = (side.at(tick) for side in sides)
        acts = vercel.acts(Owner.VERCEL, "mail", tick), inngest.acts(Owner.INNGEST, "mail", tick)
        assert sum(acts) == 1, tick
        acting.add(acts)
    assert len(acting) == 2  # both had ticks
    assert deaths >= KILLS / 2

"""Both sides asked over their sockets, and the ticks that a late deploy doubled or lost."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from msgspec.structs import replace
from tests.integration.sockets import serving

from cronshift.errors import CronshiftError
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.live import Holding, Mishap, ask_both, fell_back, mishaps, since_change
from cronshift.moving.migration import prepare_migration
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime import Guard, JobSpec
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.ownership import OWNERSHIP_NAME
from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[3] / "examples"
MONDAY = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
PATH = "/api/cron/prediction-check"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    ignored = shutil.ignore_patterns(
        "demo.py", "sessions", "nextjs", "sveltekit", "__pycache__", "inngest_app"
    )
    root = Path(shutil.copytree(EXAMPLES, tmp_path / "predictions", ignore=ignored))
    apply(root, prepare_migration(load_project(root), (), MONDAY, fix=True).operation)
    return root


def guarded(text: str) -> FastAPI:
    """The app behind Vercel's cron, which holds this file, and fails when a job runs."""
    app = FastAPI()
    job = JobSpec(id="prediction-check", path=PATH, schedule="0 */4 * * *")
    app.add_middleware(Guard(job, source=Source(lambda: text)).asgi)

    @app.api_route(PATH)
    async def ran() -> None:
        raise AssertionError("asking must run nothing")

    return app


def asked(root: Path, app_url: str, endpoint: str) -> tuple[Holding, Holding]:
    return asyncio.run(
        ask_both(root, app_url=app_url, path=PATH, endpoint=endpoint, secret_env="CRON_SECRET")
    )


def test_a_side_that_deployed_late_is_seen_with_every_tick_it_cost(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = (root / OWNERSHIP_NAME).read_text()
    apply(root, prepare_cutover(load_project(root), ["prediction-check"], MONDAY).operation)
    new = (root / OWNERSHIP_NAME).read_text()
    inngest = FastAPI()
    inngest.add_middleware(TellOwnership)
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", new)
    SOURCE.forget()
    with serving(guarded(old)) as app_url, serving(inngest) as endpoint:
        vercel, other = asked(root, app_url, f"{endpoint}/api/inngest")
    SOURCE.forget()
    assert (vercel.current, other.current) == (False, True)
    assert vercel.ownership is not None
    assert "Instant Rollback" in (fell_back(vercel, other) or "")
    assert fell_back(replace(vercel, current=True), other) is None  # both have the newest
    assert fell_back(vercel, replace(other, current=False)) is None  # neither was deployed yet
    assert fell_back(replace(vercel, ownership=None), other) is None  # not known is not older
    now = MONDAY + timedelta(hours=12)
    since = since_change(read_ownership(root), now)
    jobs = make_plan(load_project(root)).runnable
    wrong = list(mishaps(jobs, vercel.ownership, other.ownership, since, now))
    assert wrong == [
        Mishap("prediction-check", MONDAY.replace(hour=hour, minute=0), doubled=True)
        for hour in (8, 12)  # it began at 06:00
    ]


def test_both_sides_with_one_file_lose_and_double_nothing(root: Path) -> None:
    apply(root, prepare_cutover(load_project(root), (), MONDAY, percent=50).operation)
    ownership = read_ownership(root)
    jobs = make_plan(load_project(root)).runnable
    end = MONDAY + timedelta(days=30)
    assert list(mishaps(jobs, ownership, ownership, MONDAY, end)) == []
    assert all(one.doubled for one in mishaps(jobs, None, ownership, MONDAY, end))


def test_who_does_not_tell_is_said_to(root: Path) -> None:
    with serving(FastAPI()) as mute:
        vercel, inngest = asked(root, mute, "http://127.0.0.1:9/api/inngest")
    assert vercel.problem is not None
    assert "does not tell" in vercel.problem
    assert inngest.problem is not None
    assert "cannot be reached" in inngest.problem
    assert not vercel.current


def test_without_the_secret_nobody_is_asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRON_SECRET")
    with pytest.raises(CronshiftError) as caught:
        asked(root, "http://127.0.0.1:9", "http://127.0.0.1:9")
    assert caught.value.reason == "missing-secret"


def afar(text: str, clock: Callable[[], float], *, fails: Callable[[], bool]) -> FastAPI:
    """The Inngest side, whose file comes from an address that may fail."""

    def read() -> str:
        if fails():
            raise OSError("CRONSHIFT_OWNERSHIP_URL answered 500")
        return text

    app = FastAPI()
    source = Source(read, clock, deployed=lambda: text, is_afar=lambda: True)
    app.add_middleware(TellOwnership, source=source)
    return app


def test_how_old_a_file_from_an_address_is_and_that_it_fails_is_told(root: Path) -> None:
    text = (root / OWNERSHIP_NAME).read_text()
    now, broken = [1000.0], [False]
    app = afar(text, lambda: now[0], fails=lambda: broken[0])
    with serving(guarded(text)) as app_url, serving(app) as endpoint:
        vercel, fresh = asked(root, app_url, endpoint)
        now[0], broken[0] = 1000.0 + 3725, True
        _, old = asked(root, app_url, endpoint)
    assert (vercel.age, vercel.unread, vercel.staleness) == (None, False, None)
    assert (fresh.current, fresh.age, fresh.staleness) == (True, timedelta(0), None)
    assert (old.current, old.age) == (True, timedelta(seconds=3725))
    assert old.staleness == ("Its address cannot be read; what was read 1h2m5s ago goes on.")
    assert old.to_json()["age_seconds"] == 3725


def test_a_side_that_goes_by_its_deployed_file_says_so(root: Path) -> None:
    text = (root / OWNERSHIP_NAME).read_text()
    app = afar(text, lambda: 0.0, fails=lambda: True)
    with serving(guarded(text)) as app_url, serving(app) as endpoint:
        _, inngest = asked(root, app_url, endpoint)
    assert (inngest.current, inngest.age, inngest.unread) == (True, None, True)
    assert inngest.staleness == (
        "Its address cannot be read, so it goes by the file that was deployed."
    )

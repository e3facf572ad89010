"""Plans of small projects: jobs, modes, findings, and what cronshift.toml changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift.errors import ConfigError
from cronshift.model import Mode, Plan
from cronshift.output.plan_document import plan_document
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Planned = Callable[..., Plan]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    """Return a function from entries and settings to their plan."""

    def plan(*entries: tuple[str, str], settings: str = "", **files: str) -> Plan:
        crons = [{"path": path, "schedule": schedule} for path, schedule in entries]
        (tmp_path / "vercel.json").write_text(json.dumps({"crons": crons}, indent=1))
        (tmp_path / "cronshift.toml").write_text(settings)
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        return make_plan(load_project(tmp_path))

    return plan


def found(plan: Plan) -> list[tuple[str, str | None]]:
    return [(finding.name, finding.job) for finding in plan.findings]


def test_every_entry_is_a_job_with_its_own_module(planned: Planned) -> None:
    plan = planned(("/api/cron/a?x=1", "0 6 * * *"), ("/api/cron/a?x=2", "0 6 * * *"))
    assert [(job.id, job.module) for job in plan.jobs] == [
        ("a-1", "inngest_app/jobs/a_1.py"),
        ("a-2", "inngest_app/jobs/a_2.py"),
    ]
    assert [job.mode for job in plan.jobs] == [Mode.BRIDGE, Mode.BRIDGE]


@pytest.mark.parametrize(
    ("schedule", "name", "blocks"),
    [
        ("0 6 31 2 *", "never-fires", True),
        ("0 0 6 * * *", "six-fields", True),
        ("0 6 * * MON", "names", True),
        ("0 6 1 * 1", "both-day-fields", True),
        ("0 25 * * *", "invalid-schedule", True),
        ("0 6 * * 7", "day-seven", False),
    ],
)
def test_what_a_schedule_gives_to_say(
    planned: Planned, schedule: str, name: str, blocks: bool
) -> None:
    plan = planned(("/api/x", schedule), ("/api/fine", "0 6 * * *"))
    assert found(plan) == [(name, "x")]
    assert [job.mode is Mode.BLOCKED for job in plan.jobs] == [blocks, False]
    assert plan.jobs[0].module is None or not blocks


def test_a_schedule_without_a_meaning_blocks_its_job_though_it_is_accepted(
    planned: Planned,
) -> None:
    accepted = '[[suppress]]\ncode = "CS105"\nreason = "known"\n'
    code = planned(("/api/x", "0 25 * * *")).findings[0].code
    plan = planned(("/api/x", "0 25 * * *"), settings=accepted.replace("CS105", code))
    assert found(plan) == []
    assert plan.jobs[0].mode is Mode.BLOCKED


def test_twins_are_told_apart_and_told(planned: Planned) -> None:
    plan = planned(("/api/x", "0 6 * * *"), ("/api/x", "0 6  * * *"), ("/api/x", "0 7 * * *"))
    assert len({job.id for job in plan.jobs}) == 3
    assert {name for name, _ in found(plan)} == {"duplicate-entry", "same-path"}


def test_an_entry_that_vercel_refuses_blocks_its_job_only(planned: Planned, tmp_path: Path) -> None:
    plan = planned(("/api/x", "@daily"), ("/api/y", "0 6 * * *"))
    assert plan.jobs[0].mode is Mode.BLOCKED
    assert [job.id for job in plan.runnable] == ["y"]


def test_settings_name_and_change_a_job(planned: Planned) -> None:
    plan = planned(
        ("/api/x", "0 6 * * *"),
        settings="""
            [project]
            app_id = "mine"
            out = "src/jobs"
            [defaults]
            retries = 5
            [jobs.nightly]
            path = "/api/x"
            schedule = "TZ=Europe/Berlin 0 7 * * *"
            stale_after = "9m"
        """,
    )
    (job,) = plan.jobs
    assert (plan.app_id, job.id, job.module) == ("mine", "nightly", "src/jobs/jobs/nightly.py")
    assert job.schedule is not None
    assert job.schedule.trigger == "TZ=Europe/Berlin 0 7 * * *"
    assert (job.options.retries, job.options.stale_after) == (5, timedelta(minutes=9))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("[jobs.none]\nretries = 1", "no-such-job"),
        ('[jobs.x2]\npath = "/api/other"', "no-such-entry"),
        ('[jobs.x]\nmode = "direct"', "no-handler"),
        ('[jobs.x]\nhandler = "nowhere:run"', "no-such-handler"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    planned: Planned, settings: str, reason: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        planned(("/api/x", "0 6 * * *"), settings=settings)
    assert caught.value.reason == reason


def test_a_function_that_is_named_is_called_directly(planned: Planned) -> None:
    plan = planned(
        ("/api/x", "0 6 * * *"), settings='[jobs.x]\nhandler = "work:run"', work="def run(): ..."
    )
    assert plan.jobs[0].mode is Mode.DIRECT


def test_a_schedule_of_vercels_keeps_its_zone(tmp_path: Path) -> None:
    item = {"path": "/x", "schedule": "0 9 * * *", "timezone": "Europe/Berlin", "jitter": 9}
    document = {"schedules": {"nine": {**item, "requestMethod": "GET"}}}
    (tmp_path / "vercel.json").write_text(json.dumps(document))
    plan = make_plan(load_project(tmp_path))
    (job,) = plan.jobs
    assert job.schedule is not None
    assert job.schedule.trigger == "TZ=Europe/Berlin 0 9 * * *"
    assert job.options.jitter == timedelta(minutes=5)
    assert {name for name, _ in found(plan)} == {"schedules-in-use", "jitter-too-long"}


def test_a_schedule_that_posts_is_not_moved(tmp_path: Path) -> None:
    document = {"schedules": {"x": {"path": "/x", "schedule": "0 9 * * *"}}}
    (tmp_path / "vercel.json").write_text(json.dumps(document))
    plan = make_plan(load_project(tmp_path))
    assert ("not-get", plan.jobs[0].id) in found(plan)
    assert plan.jobs[0].mode is Mode.BLOCKED


def test_the_worst_is_told_first(planned: Planned) -> None:
    plan = planned(("/api/x", "0 6 * * 7"), ("/api/y", "0 6 31 2 *"))
    assert [finding.severity.value for finding in plan.findings] == ["error", "note"]


def test_the_document_forecasts_what_inngest_will_count(planned: Planned) -> None:
    plan = planned(
        ("/api/plain", "0 */4 * * *"),
        ("/api/fan", "0 6 * * *"),
        settings="""
            [jobs.fan]
            fan_out = { param = "m", values = ["a", "b", "c"] }
            heartbeat = "PING_URL"
        """,
    )
    document = plan_document(plan, NOW, ticks=2)
    assert document["forecast"]["by_job"] == {"plain": 180 * 3, "fan": 30 * (1 + 1 + 3 + 1)}
    assert document["jobs"][0]["next"] == ["2026-11-24T16:00:00Z", "2026-11-24T20:00:00Z"]
    assert document["jobs"][0]["runs_per_30_days"] == 180

"""A GitHub workflow's schedules on their way: taken as jobs, out of the workflow, and back to the byte."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.moving.conftest import MONDAY, example
from tests.integration.moving.test_moving import LATER, cut_over, roll_back, tree

from cronshift.engine.validation import check, inspect_package
from cronshift.errors import CronshiftError, RefusedError
from cronshift.model import Origin
from cronshift.moving.cutover import Handover
from cronshift.moving.migration import prepare_migration
from cronshift.moving.status import read_status
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership

if TYPE_CHECKING:
    from pathlib import Path

FILE = ".github/workflows/jobs.yml"
CALL = """      - if: github.event.schedule == '{cron}'
        run: |
          curl -fsS -H "Authorization: Bearer ${{{{ secrets.CRON_SECRET }}}}" "${{{{ secrets.APP_URL }}}}{path}"
"""
SUNDAY, HOURS = "20 0 * * SUN", "40 */6 * * *"
WORKFLOW = f"""# What GitHub does for us.
name: jobs
on:
  schedule:
    # every Sunday
    - cron: '{SUNDAY}'  # early
    - cron: "{HOURS}"
jobs:
  call:
    runs-on: ubuntu-latest
    steps:
{CALL.format(path="/api/cron/update-ai-models", cron=SUNDAY)}{CALL.format(path="/api/cron/prediction-check?all=1", cron=HOURS)}"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Lay out an app whose vercel.json has none of the two paths: GitHub calls them."""
    root = example(tmp_path)
    config = root / "vercel.json"
    document = json.loads(config.read_text())
    theirs = ("update-ai-models", "prediction-check")
    document["crons"] = [e for e in document["crons"] if not e["path"].endswith(theirs)]
    config.write_text(json.dumps(document, indent=2))
    path = root / FILE
    path.parent.mkdir(parents=True)
    path.write_text(WORKFLOW)
    return root


def migrate(root: Path, *files: str) -> None:
    prepared = prepare_migration(load_project(root), (), MONDAY, fix=True, workflows=files)
    apply(root, prepared.operation)


def jobs_of(root: Path, origin: Origin) -> list[str]:
    return [job.id for job in make_plan(load_project(root)).jobs if job.entry.origin is origin]


def test_only_what_is_asked_for_is_taken(root: Path) -> None:
    assert FILE not in [source.file for source in load_project(root).sources]
    migrate(root, FILE)
    assert jobs_of(root, Origin.WORKFLOW) == ["update-ai-models", "prediction-check"]
    assert f'workflows = ["{FILE}"]' in (root / "cronshift.toml").read_text()
    plan = make_plan(load_project(root))
    assert [finding.code for finding in plan.findings if finding.code == "CS559"] == []
    sources = [str(job.entry.source) for job in plan.jobs if job.entry.workflow]
    assert sources == [f"{FILE}:6", f"{FILE}:7"]
    found = check(plan, inspect_package(root, "inngest_app"), now=MONDAY)
    assert [finding.message for finding in found] == []
    triggers = {job.id: job.schedule.trigger for job in plan.jobs if job.schedule}
    assert triggers["update-ai-models"] == f"TZ=UTC {SUNDAY}"
    assert '"prediction-check"' not in (root / "cronshift_guard.py").read_text()


def test_a_share_is_refused_for_no_guard_sees_the_call(root: Path) -> None:
    migrate(root, FILE)
    with pytest.raises(RefusedError, match="a guard looks at Vercel's calls only") as caught:
        cut_over(root, "prediction-check", percent=10)
    assert caught.value.reason == "no-guard"
    assert "--no-guard" in (caught.value.hint or "")


def test_the_schedules_leave_the_workflow_and_come_back_to_the_byte(root: Path) -> None:
    migrate(root, FILE)
    before = tree(root)
    now = MONDAY.replace(hour=3)
    cut_over(root, "prediction-check", now=now, handover=Handover.DEPLOY)
    text = (root / FILE).read_text()
    assert text == WORKFLOW.replace(f'    - cron: "{HOURS}"\n', "")
    cut_over(root, "update-ai-models", now=now, handover=Handover.DEPLOY)
    text = (root / FILE).read_text()
    assert "schedule:" not in text
    assert "on:\n  workflow_dispatch:\njobs:\n" in text
    rows = {row.job: row for row in read_status(load_project(root), LATER).jobs}
    assert [(rows[job].percent, rows[job].moved) for job in jobs_of(root, Origin.MOVED)] == [
        (100, True),
        (100, True),
    ]
    moved = {job.id: job for job in make_plan(load_project(root)).jobs}["update-ai-models"]
    assert moved.schedule is not None
    assert moved.schedule.trigger == f"TZ=UTC {SUNDAY}"
    assert roll_back(root) == ("prediction-check", "update-ai-models")
    after = tree(root)
    assert {path for path in after if before.get(path) != after[path]} == {
        "cronshift.ownership.json"
    }
    assert {epochs[-1].percent for epochs in read_ownership(root).jobs.values()} == {0}


def test_one_schedule_comes_back_at_its_place(root: Path) -> None:
    migrate(root, FILE)
    now = MONDAY.replace(hour=3)
    cut_over(root, "prediction-check", "update-ai-models", now=now, handover=Handover.DEPLOY)
    roll_back(root, "update-ai-models")
    assert (root / FILE).read_text() == WORKFLOW.replace(f'    - cron: "{HOURS}"\n', "")
    roll_back(root, "prediction-check")
    assert (root / FILE).read_text() == WORKFLOW


def test_a_workflow_that_was_edited_since_gets_its_schedule_as_a_line(root: Path) -> None:
    migrate(root, FILE)
    cut_over(
        root,
        "prediction-check",
        "update-ai-models",
        now=MONDAY.replace(hour=3),
        handover=Handover.DEPLOY,
    )
    edited = (root / FILE).read_text().replace("name: jobs", "name: ours")
    (root / FILE).write_text(edited)
    roll_back(root, "prediction-check")
    wanted = f"on:\n  schedule:\n    - cron: '{HOURS}'\n  workflow_dispatch:\n"
    assert (root / FILE).read_text() == edited.replace("on:\n  workflow_dispatch:\n", wanted)


def test_what_one_schedule_calls_moves_together(root: Path) -> None:
    shared = WORKFLOW.replace(f"github.event.schedule == '{SUNDAY}'", "always()")
    (root / FILE).write_text(shared)
    migrate(root, FILE)
    names = jobs_of(root, Origin.WORKFLOW)
    assert len(names) == 3
    [alone, *others] = [n for n in names if n != "prediction-check"] + ["prediction-check"]
    now = MONDAY.replace(hour=3)
    with pytest.raises(RefusedError, match="on the same schedule") as caught:
        cut_over(root, "prediction-check", now=now, handover=Handover.DEPLOY)
    assert caught.value.reason == "not-editable"
    cut_over(root, alone, *others, now=now, handover=Handover.DEPLOY)
    with pytest.raises(RefusedError, match="on the same schedule"):
        roll_back(root, "prediction-check")
    roll_back(root)
    assert (root / FILE).read_text() == shared


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("curl -fsS", "curl -X POST", "it is made with POST"),
        ("/api/cron/update-ai-models", "/api/cron/nowhere", "nothing here answers"),
        ("on:\n", "on: push\nwas:\n", "no schedule of it calls a path"),
    ],
)
def test_a_workflow_that_cannot_become_jobs_says_why(
    root: Path, old: str, new: str, why: str
) -> None:
    (root / FILE).write_text(WORKFLOW.replace(old, new))
    with pytest.raises(CronshiftError, match=why) as caught:
        migrate(root, FILE)
    assert caught.value.reason == "workflow-stays"


def test_flow_style_is_refused_and_nothing_is_touched(root: Path) -> None:
    start, end = WORKFLOW.index("on:"), WORKFLOW.index("jobs:\n")
    flow = f"on: {{ schedule: [{{ cron: '{SUNDAY}' }}, {{ cron: '{HOURS}' }}] }}\n"
    (root / FILE).write_text(WORKFLOW[:start] + flow + WORKFLOW[end:])
    migrate(root, FILE)
    before = tree(root)
    with pytest.raises(RefusedError, match="cannot be edited as text"):
        cut_over(root, "prediction-check", now=MONDAY.replace(hour=3), handover=Handover.DEPLOY)
    assert tree(root) == before


# Vercel's own schedules leave their file, too

LISTED: list[dict[str, object]] = [
    {"path": "/api/cron/update-ai-models", "requestMethod": "GET", "schedule": "20 0 * * 0"},
    {
        "path": "/api/cron/prediction-check",
        "requestMethod": "GET",
        "schedule": "40 */6 * * *",
        "timezone": "Europe/Paris",
        "jitter": 4,
    },
]
NAMED = {str(entry["path"]).rpartition("/")[2]: entry for entry in LISTED}


@pytest.fixture(params=[LISTED, NAMED], ids=["listed", "named"])
def scheduled(root: Path, request: pytest.FixtureRequest) -> Path:
    config = root / "vercel.json"
    document = json.loads(config.read_text()) | {"schedules": request.param}
    config.write_text(json.dumps(document, indent=4) + "\n")
    migrate(root)
    return root


def test_schedules_leave_their_file_and_come_back_to_the_byte(scheduled: Path) -> None:
    before, now = tree(scheduled), MONDAY.replace(hour=3)
    trigger = {job.id: job.schedule for job in make_plan(load_project(scheduled)).jobs}
    cut_over(scheduled, "prediction-check", now=now, handover=Handover.DEPLOY)
    left = json.loads((scheduled / "vercel.json").read_text())["schedules"]
    assert len(left) == 1
    job = make_plan(load_project(scheduled)).job("prediction-check")
    assert job is not None
    assert job.schedule == trigger["prediction-check"]
    assert job.schedule is not None
    assert job.schedule.zone == "Europe/Paris"
    assert job.options.jitter == timedelta(minutes=4)
    cut_over(scheduled, "update-ai-models", now=now, handover=Handover.DEPLOY)
    assert "schedules" not in json.loads((scheduled / "vercel.json").read_text())
    roll_back(scheduled)
    after = tree(scheduled)
    changed = {path for path in after if before.get(path) != after[path]}
    assert changed == {"cronshift.ownership.json"}


def test_one_of_the_schedules_comes_back_alone(scheduled: Path) -> None:
    text, now = (scheduled / "vercel.json").read_text(), MONDAY.replace(hour=3)
    cut_over(scheduled, "prediction-check", "update-ai-models", now=now, handover=Handover.DEPLOY)
    roll_back(scheduled, "update-ai-models")
    left = json.loads((scheduled / "vercel.json").read_text())["schedules"]
    assert list(left) == list(json.loads(text)["schedules"])[:1]
    roll_back(scheduled, "prediction-check")
    assert (scheduled / "vercel.json").read_text() == text


def test_a_share_of_a_schedule_with_a_zone_is_refused(scheduled: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        cut_over(scheduled, "prediction-check", percent=10)
    assert caught.value.reason == "ticks-differ"

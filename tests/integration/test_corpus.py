"""Real projects' files, from reading to validation: one function an entry, no schedule changed."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cronshift.engine.validation import check, inspect_package
from cronshift.errors import ConfigError
from cronshift.model import Mode, Severity
from cronshift.plan.planning import make_plan
from cronshift.project import Project, load_project
from cronshift.project.settings import Settings
from cronshift.runtime.jobs import CANCELLED_ID
from cronshift.runtime.schedule import Schedule
from cronshift.targets import generate

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the project")


def cases() -> list[str]:
    return sorted(folder.name for folder in (CORPUS / "cases").glob("*")) if CORPUS.is_dir() else []


@cache
def truth() -> dict[str, list[dict[str, Any]]]:
    entries: dict[str, list[dict[str, Any]]] = {}
    for line in (CORPUS / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        entries.setdefault(entry["case"], []).append(entry)
    return entries


def project_of(case: str, root: Path) -> Project:
    shutil.copy(CORPUS / "cases" / case / "vercel.json", root)
    project = load_project(root)
    return replace(project, settings=Settings(mode=Mode.BRIDGE))


@pytest.mark.parametrize("case", cases())
def test_every_entry_becomes_one_valid_function_with_the_same_ticks(
    case: str, tmp_path: Path
) -> None:
    if case.endswith("@jsonc"):
        with pytest.raises(ConfigError, match=r"vercel\.json"):
            project_of(case, tmp_path)
        return
    plan = make_plan(project_of(case, tmp_path))
    for file in generate(plan):
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)
    registration = inspect_package(tmp_path, "inngest_app")
    assert registration.functions is not None
    served = {
        registration.local_id(function.id): function
        for function in registration.functions
        if not function.is_failure_handler
    }
    assert set(served) == {CANCELLED_ID, *(job.id for job in plan.runnable)}
    assert [f for f in check(plan, registration, now=NOW) if f.severity is Severity.ERROR] == []
    for job in plan.runnable:
        (trigger,) = served[job.id].crons
        registered = Schedule.parse(trigger.cron or "")
        vercels = Schedule.from_vercel(job.entry.schedule)
        assert list(islice(registered.after(NOW), 50)) == list(islice(vercels.after(NOW), 50))


@pytest.mark.parametrize("case", cases())
def test_the_plan_has_every_entry_that_the_project_has(case: str, tmp_path: Path) -> None:
    if case not in truth() or case.endswith("@jsonc"):
        pytest.skip("nothing is told of this case")
    plan = make_plan(project_of(case, tmp_path))
    assert Counter((job.entry.path, job.entry.schedule) for job in plan.jobs) == Counter(
        (entry["path"], entry["schedule"]) for entry in truth()[case]
    )
    lines = (tmp_path / "vercel.json").read_text().splitlines()
    for job in plan.jobs:
        shown = "\n".join(lines[job.entry.source.line - 1 :][:4])
        assert json.dumps(job.entry.path, ensure_ascii=False) in shown


def test_all_that_vercel_accepts_can_move(tmp_path: Path) -> None:
    planned, blocked = 0, []
    for case in cases():
        if not case.endswith("@jsonc"):
            root = tmp_path / case
            root.mkdir()
            plan = make_plan(project_of(case, root))
            planned += len(plan.jobs)
            blocked += [(case, job.entry.schedule) for job in plan.jobs if job.mode is Mode.BLOCKED]
    told = sum(len(entries) for case, entries in truth().items() if not case.endswith("@jsonc"))
    assert planned >= told
    assert blocked == [
        ("Tramona-Inc+tramona@quartz", "0/5 * * * * ?"),
        ("opentribe-dao+opentribe+apps+api@headers-key", "*/20 * * * *"),  # Vercel refuses the key
    ]

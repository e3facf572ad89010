"""A project in a folder, and the facts of moving its jobs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.readiness.checking import check
from cronshift.readiness.fact import Fact, Stage
from cronshift.readiness.subject import Subject

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


class Asked(Protocol):
    def __call__(
        self,
        files: dict[str, str],
        code: str,
        *,
        crons: tuple[str, ...] = (),
        stage: Stage = Stage.SHARE,
        percent: int = 100,
    ) -> list[Fact]: ...


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Write a project's files, and return its facts of one kind."""
    for name in ("INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY", "CRON_SECRET", "CRONSHIFT_BASE_URL"):
        monkeypatch.delenv(name, raising=False)

    def ask(
        files: dict[str, str],
        code: str,
        *,
        crons: tuple[str, ...] = ("/api/cron/mail",),
        stage: Stage = Stage.SHARE,
        percent: int = 100,
    ) -> list[Fact]:
        document = {"crons": [{"path": path, "schedule": "0 3 * * *"} for path in crons]}
        for name, text in {"vercel.json": json.dumps(document), **files}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        project = load_project(tmp_path)
        plan = make_plan(project)
        subject = Subject(project, plan, plan.jobs, NOW, stage, percent)
        return [fact for fact in check(subject) if fact.kind.code == code]

    return ask

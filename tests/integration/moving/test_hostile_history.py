"""A record of what was done that a commit has changed: the way back reads past it, or says so in words."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.moving.conftest import MONDAY, example
from tests.integration.moving.test_moving import LATER, cut_over
from tests.integration.moving.test_workflows import FILE, WORKFLOW

from cronshift.errors import CronshiftError
from cronshift.moving.cutover import Handover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.operations import apply, history
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS = [b"\xff\xfe", b"[" * 20_000, b"on: {schedule: [{cron: [1]}]}", None]


def recorded(data: bytes | None) -> dict[str, str] | None:
    if data is None:
        return None
    digest = hashlib.sha256(data).hexdigest()
    return {"sha256": digest, "base64": base64.b64encode(data).decode()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Lay out an app that was moved for good, with entries of Vercel's and of a GitHub workflow."""
    root = example(tmp_path)
    config = json.loads((root / "vercel.json").read_text())
    theirs = ("update-ai-models", "prediction-check")
    config["crons"] = [entry for entry in config["crons"] if not entry["path"].endswith(theirs)]
    (root / "vercel.json").write_text(json.dumps(config, indent=2))
    (root / FILE).parent.mkdir(parents=True)
    (root / FILE).write_text(WORKFLOW)
    taken = prepare_migration(load_project(root), (), MONDAY, fix=True, workflows=(FILE,))
    apply(root, taken.operation)
    guarded = ("session-recovery", "update-active-events", "daily-update-polymarket-data")
    cut_over(root, *guarded)
    cut_over(root, "prediction-check", now=MONDAY.replace(hour=3), handover=Handover.DEPLOY)
    cut_over(root, "update-ai-models", now=MONDAY.replace(hour=3), handover=Handover.DEPLOY)
    ended = prepare_finalization(load_project(root), guarded, LATER, lambda *_: True)
    apply(root, ended.operation)
    return root


@pytest.mark.parametrize("side", ["before", "after"])
def test_what_a_record_holds_is_no_bug_of_ours(root: Path, side: str) -> None:
    changed = set[str]()
    for operation in history(root)[1:]:  # behind the migration
        path = root / ".cronshift" / "operations" / f"{operation.id}.json"
        whole = path.read_text()
        for number, change in enumerate(operation.changes):
            for place, image in enumerate(change.images):
                changed.add(image.path)
                for content in CONTENTS:
                    document: dict[str, Any] = json.loads(whole)
                    document["changes"][number]["images"][place][side] = recorded(content)
                    path.write_text(json.dumps(document))
                    try:
                        prepare_rollback(load_project(root), (), LATER)
                    except CronshiftError as error:
                        assert error.hint or error.where
        path.write_text(whole)
    assert changed >= {"vercel.json", "cronshift.toml", FILE}

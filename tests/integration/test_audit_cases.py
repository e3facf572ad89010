"""The audit says of small projects whose truth is known what must be said, and not what must not.

The projects are beside the repository; elsewhere these tests are skipped.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cronshift.model import Severity
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "audit"
NAMES = sorted(file.parent.name for file in CASES.glob("*/expected.json"))
NEUTRAL = {"CS206", "CS207", "CS208", "CS209", "CS307", "CS601", "CS433", "CS430"}

pytestmark = pytest.mark.skipif(not NAMES, reason="the cases are not beside the repository")


def wrong(root: Path) -> list[str]:
    """Return what the audit of a project misses, and what it says wrongly."""
    expected = json.loads((root / "expected.json").read_text())
    plan = make_plan(load_project(root))
    told = {one.code for one in plan.findings}
    told |= {f"{one.code}@{one.location.file}" for one in plan.findings if one.location}
    other = [
        one
        for one in plan.findings
        if one.severity is not Severity.NOTE and one.code not in NEUTRAL
    ]
    missed = [
        want
        for want in expected["must"]
        if (not other if want.startswith("!") else not told & set(want.split("|")))
    ]
    handlers = [job.handler.file for job in plan.jobs if job.handler is not None]
    lost = expected.get("handler") not in {None, *handlers}
    return missed + sorted(told & set(expected["must_not"])) + ["handler"] * lost


@pytest.mark.parametrize("name", NAMES)
def test_the_audit_is_right_about(name: str) -> None:
    assert wrong(CASES / name) == []

"""Findings as SARIF and as GitHub's workflow commands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from cronshift.model import Finding, Location
from cronshift.output.github import github_lines
from cronshift.output.sarif import sarif_log
from cronshift.plan.findings import CATALOGUE
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text(max_size=30)
FINDINGS = st.builds(
    lambda code, message, job, file, line: CATALOGUE[code].finding(
        message, job=job, location=Location(file, line) if file else None
    ),
    st.sampled_from(sorted(CATALOGUE)),
    TEXT,
    st.none() | TEXT,
    st.none() | TEXT,
    st.integers(1, 10_000),
)


def plan_of(root: Path) -> Any:
    crons = [
        {"path": "/api/x y", "schedule": "0 6 31 2 *"},
        {"path": "/api/b", "schedule": "* * * * 7"},
    ]
    (root / "vercel.json").write_text(json.dumps({"crons": crons}, indent=1))
    (root / "cronshift.toml").write_text('[[suppress]]\ncode = "CS105"\nreason = "Sundays"\n')
    return make_plan(load_project(root))


def test_the_log_is_sarif(tmp_path: Path) -> None:
    log = sarif_log(plan_of(tmp_path), {("CS105", None): "Sundays"})
    SarifLog.model_validate_json(json.dumps(log))
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert {"CS106", "CS105"} <= set(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "vercel.json"
    hidden = [one for one in run["results"] if "suppressions" in one]
    assert [(one["ruleId"], one["suppressions"][0]["justification"]) for one in hidden] == [
        ("CS105", "Sundays")
    ]
    assert [one["level"] for one in run["results"] if one["ruleId"] == "CS106"] == ["error"]


def test_what_is_no_sarif_would_be_seen(tmp_path: Path) -> None:
    log = sarif_log(plan_of(tmp_path), {})
    log["runs"][0]["results"][0]["place"] = "nowhere"
    try:
        SarifLog.model_validate_json(json.dumps(log))
    except ValueError:
        return
    raise AssertionError("an unknown property passed")


@given(st.lists(FINDINGS, max_size=4))
def test_no_text_leaves_its_line_or_its_property(found: list[Finding]) -> None:
    lines = list(github_lines(found))
    assert len(lines) == len(found)
    for line, finding in zip(lines, found, strict=True):
        match = re.fullmatch(r"::(error|warning|notice) ([^\r\n]*?)::([^\r\n]*)", line, re.DOTALL)
        assert match
        properties = dict(part.split("=", 1) for part in match[2].split(","))
        assert properties["title"] == f"{finding.code} {finding.name}"
        if finding.location:
            assert unquote(properties["file"]) == unquote(finding.location.file.replace("%", "%25"))
            assert properties["line"] == str(finding.location.line)

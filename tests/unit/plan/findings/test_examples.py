"""Every rule of the audit speaks on its bad example and is silent on its good one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.plan.findings import AUDITED, CATALOGUE
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.plan.findings.example import ExampleFile


def codes(root: Path, files: tuple[ExampleFile, ...]) -> set[str]:
    for file in files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)
    return {finding.code for finding in make_plan(load_project(root)).findings}


@pytest.mark.parametrize("code", sorted(AUDITED))
def test_a_rule_tells_its_bad_example_from_its_good_one(tmp_path: Path, code: str) -> None:
    example = CATALOGUE[code].example
    assert example is not None, f"{code} needs src/cronshift/plan/findings/examples/{code}.txt"
    assert code in codes(tmp_path / "bad", example.bad)
    assert code not in codes(tmp_path / "good", example.good)
    assert any(file.shown for file in example.bad)
    assert any(file.shown for file in example.good)


def test_every_example_belongs_to_a_rule() -> None:
    assert {code for code, rule in CATALOGUE.items() if rule.example} == AUDITED


def test_names_and_codes_are_unique_and_texts_are_sentences() -> None:
    assert len({rule.name for rule in CATALOGUE.values()}) == len(CATALOGUE)
    for rule in CATALOGUE.values():
        assert rule.summary.endswith("."), rule.code
        assert rule.fix, rule.code

"""What a person reads: lines without room go on below their own beginning."""

from __future__ import annotations

import pytest
from rich.text import Text

from cronshift.model import Severity
from cronshift.output.audit_text import findings_text
from cronshift.output.console import Console
from cronshift.plan.findings import CATALOGUE

LONG = "a sentence of a few words that has no room in forty columns"


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Console:
    monkeypatch.setenv("COLUMNS", "40")
    return Console()


@pytest.mark.parametrize(
    ("beginning", "below"), [("", ""), ("  ", "  "), ("  → ", "    "), ("    ", "    ")]
)
def test_a_line_that_is_broken_goes_on_below_its_beginning(
    narrow: Console, capsys: pytest.CaptureFixture[str], beginning: str, below: str
) -> None:
    narrow.result(Text(f"head\n{beginning}{LONG}\n\nend"))
    head, *broken, blank, end = capsys.readouterr().out.splitlines()
    assert (head, blank, end) == ("head", "", "end")
    assert broken[0].startswith(beginning + "a sentence")
    assert all(line.startswith(below) and line[len(below)] != " " for line in broken[1:])
    assert max(map(len, broken)) <= 40
    assert " ".join(" ".join(broken).split()) == f"{beginning}{LONG}".strip()


def test_what_is_to_be_copied_is_not_broken(
    narrow: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow.result(Text(f"  {LONG}", no_wrap=True))
    assert capsys.readouterr().out == f"  {LONG}\n"


def test_a_name_between_colons_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Console().result("/api/:bell:/ring")
    Console().say("/api/:bell:/ring")
    assert capsys.readouterr() == ("/api/:bell:/ring\n", "/api/:bell:/ring\n")


def test_a_finding_without_a_place_has_no_line_for_one() -> None:
    finding = CATALOGUE["CS437"].finding("The types were not checked.")
    assert finding.severity is Severity.WARNING
    lines = str(findings_text([finding])).splitlines()
    assert lines[:2] == ["warning CS437 not-compiled", "  The types were not checked."]

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import cronshift
from cronshift import errors
from cronshift.errors import ConfigError, CronshiftError, Reason

SOURCES = Path(cronshift.__file__).parent
ERRORS = {name for name in dir(errors) if name.endswith("Error")} | {"NotEnoughCreditsError"}


def reasons_in_code() -> dict[str, str]:
    """Every reason that an error is made with, spelt out, and where."""
    spelt: dict[str, str] = {}
    for file in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            for keyword in node.keywords:
                value = keyword.value
                if keyword.arg == "reason" and name in ERRORS and isinstance(value, ast.Constant):
                    spelt[str(value.value)] = f"{file.relative_to(SOURCES)}:{node.lineno}"
    return spelt


def test_every_reason_in_the_code_is_documented() -> None:
    unknown = {slug: place for slug, place in reasons_in_code().items() if slug not in {*Reason}}
    assert unknown == {}


def test_every_documented_reason_is_in_the_code() -> None:
    text = "".join(file.read_text() for file in SOURCES.rglob("*.py") if file.name != "reasons.py")
    computed = {Reason.INVALID_RANGE, Reason.INVALID_STEP, Reason.INVALID_VALUE}
    defaults = {Reason.ERROR, Reason.INVALID_SCHEDULE, Reason.NOT_WELL, Reason.REFUSED}
    unused = {
        reason
        for reason in {*Reason} - computed - defaults
        if f'"{reason}"' not in text and f"Reason.{reason.name}" not in text
    }
    assert unused == set()


def test_an_error_has_a_reason_of_the_list_and_no_other() -> None:
    assert ConfigError("x").reason is Reason.INVALID_CONFIG
    assert CronshiftError("x", reason="locked").reason is Reason.LOCKED
    with pytest.raises(ValueError, match="no-such-reason"):
        CronshiftError("x", reason="no-such-reason")


def test_a_reason_is_its_slug_in_json_and_has_a_sentence() -> None:
    shown = json.loads(json.dumps(CronshiftError("x", reason="locked").to_dict()))
    assert shown["reason"] == "locked"
    for reason in Reason:
        assert reason.meaning.endswith(".")
        assert reason == reason.value
        assert reason.name.lower().replace("_", "-") == reason.value

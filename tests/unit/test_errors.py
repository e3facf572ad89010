from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cronshift
from cronshift import errors
from cronshift.errors import ConfigError, CronshiftError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(cronshift.__file__).parent
ERRORS = {name for name in dir(errors) if name.endswith("Error")} | {"NotEnoughCreditsError"}
WHERE_IT_IS_A_TYPE = {
    "errors.py",
    "readiness/checking.py",
    "runtime/schedule/grammar.py",
    "vercel/reading.py",
}


def reasons_in_code() -> Iterator[tuple[str, ast.expr]]:
    """Every reason that an error is made with, and where."""
    for file in SOURCES.rglob("*.py"):
        name = file.relative_to(SOURCES).as_posix()
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            for keyword in node.keywords:
                if keyword.arg == "reason" and called in ERRORS:
                    yield f"{name}:{node.lineno}", keyword.value


def test_every_reason_in_the_code_is_documented() -> None:
    for place, value in reasons_in_code():
        if isinstance(value, ast.Constant):
            assert value.value in {*Reason}, place
        else:
            assert place.partition(":")[0] in WHERE_IT_IS_A_TYPE, place


def test_every_documented_reason_is_in_the_code() -> None:
    text = "".join(
        file.read_text() for file in SOURCES.rglob("*.py") if file != SOURCES / "errors.py"
    )
    kinds: list[type[CronshiftError]] = [CronshiftError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    defaults = {kind.default_reason for kind in kinds}
    unused = {
        reason
        for reason in {*Reason} - defaults
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

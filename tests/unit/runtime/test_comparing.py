"""Answers are compared value by value, by tokens that tell nothing; TypeScript makes the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cronshift.runtime.comparing import PREFIX, answer_tokens
from cronshift.runtime.ledger import parse_record

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "answer-tokens.json").read_text()
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:30])
def test_what_is_alike_has_the_same_tokens_and_what_is_not_differs_there(
    case: dict[str, Any],
) -> None:
    tokens = answer_tokens(case["text"], case["ignore"])
    other = answer_tokens(case.get("alike") or case["unlike"], case["ignore"])
    differ = {path for path in tokens.keys() | other.keys() if tokens.get(path) != other.get(path)}
    assert sorted(path.removeprefix(PREFIX) for path in differ) == case.get("differ", [])


def test_the_tokens_of_a_large_answer_fit_into_a_record() -> None:
    rows = [{"name": f"row {number}", "secret": "s3cret\n"} for number in range(500)]
    tokens = answer_tokens(json.dumps({"rows": rows, "x" * 500: 1}))
    assert len(tokens) <= 61
    assert "s3cret" not in repr(tokens)
    record = {
        "job": "mail",
        "tick": "2026-11-27T12:00:00Z",
        "side": "vercel",
        "owner": "vercel",
        "role": "rehearsed",
        "arrived": "2026-11-27T12:00:01Z",
        "status": "completed",
        "seen": tokens,
    }
    assert parse_record(record).seen == tokens
    rows[-1]["name"] = "another"
    assert answer_tokens(json.dumps({"rows": rows, "x" * 500: 1})) != tokens

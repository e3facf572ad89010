"""A number and its noun agree, wherever one is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cronshift
from cronshift.project.counting import counted

COUNT = r"(?:len\([\w.]+\)|[\w.]*(?:count|total|number)(?:\(\))?|[\w.()]+:,)"
NOUN = (
    "jobs|entries|functions|ticks|runs|sessions|credits|events|records|letters|retries|errors"
    "|refunds|executions|rehearsals|operations|findings|orphans"
)
UNCOUNTED = re.compile(rf"\{{{COUNT}\}} (?:\w+ )?(?:{NOUN})\b")
ALWAYS_MORE = (
    "functions have the id",
    "cancelling events",
    "{who} ran {self.count:,} ticks, from",
    "executions in 30 days; the",
    "jobs come at",
)
"""Parts of sentences that are told of two and more only."""


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (1, "job", "1 job"),
        (0, "job", "0 jobs"),
        (2, "entry", "2 entries"),
        (1200, "key", "1,200 keys"),
        (1, "record of ticks", "1 record of ticks"),
        (3, "record of ticks", "3 records of ticks"),
        (2, "reply", "2 replies"),
    ],
)
def test_the_noun_has_the_form_of_its_number(number: int, noun: str, text: str) -> None:
    assert counted(number, noun) == text


def test_no_message_puts_a_plural_behind_a_number_that_may_be_one() -> None:
    root = Path(cronshift.__file__).parent
    wrong = [
        f"{file.relative_to(root)}:{number}: {line.strip()}"
        for file in sorted(root.rglob("*.py"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if UNCOUNTED.search(line) and not any(text in line for text in ALWAYS_MORE)
    ]
    assert wrong == []

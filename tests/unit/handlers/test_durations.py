"""How long a file says that it may run: told, told elsewhere, or only by running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.durations import duration_of
from cronshift.handlers.tree import SourceTree
from cronshift.model import Location

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = "export const MINUTE = 60;\nexport const limits = { mail: 5 * MINUTE };\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export const maxDuration = 60;", 60),
        ("export const maxDuration = 60 * 5;", 300),
        ("const LONG = 100;\nexport const maxDuration = LONG + 20;", 120),
        ("import { MINUTE } from './limits';\nexport const maxDuration = 2 * MINUTE;", 120),
        ("import { limits } from './limits';\nexport const maxDuration = limits.mail;", 300),
        ('export const maxDuration = "max";', 800),
        ("export const config = { maxDuration: 90 };", 90),
        ("const seconds = 30;\nexport const config = { maxDuration: seconds * 2 };", 60),
        ("export const GET = () => {};", None),
        ("export const config = { api: {} };", None),
        ("\nexport const maxDuration = Number(process.env.SECONDS);", Location("route.ts", 2)),
        ("export const maxDuration = isPro ? 800 : 60;", Location("route.ts", 1)),
        ("import { far } from 'elsewhere';\nexport const maxDuration = far * 2;", Location("route.ts", 2)),
    ],
)  # fmt: skip
def test_the_duration_of_a_file(tmp_path: Path, text: str, expected: int | Location | None) -> None:
    (tmp_path / "route.ts").write_text(text)
    (tmp_path / "limits.ts").write_text(LIMITS)
    assert duration_of(SourceTree(tmp_path), "route.ts") == expected

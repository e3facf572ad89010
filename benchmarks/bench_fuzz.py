"""Broken documents through every reader of a project's files: each is read, or refused in words.

``CRONSHIFT_FUZZ`` says how many; 1,000,000 take about half an hour. A seed is printed when one fails.
"""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError
from cronshift.operations import Edit, Intent, build_operation
from cronshift.operations.journal import decode, encode
from cronshift.project.settings import parse_settings
from cronshift.runtime.ownership import parse_ownership
from cronshift.vercel import parse_config
from table import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COUNT = int(os.environ.get("CRONSHIFT_FUZZ", "20000"))
SLOWEST = 2.0  # seconds for one document
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = Path(__file__).parent
TOKENS = (
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "\\",
        "\n",
        "\0",
        "#",
        "=",
        "'",
        "null",
        "true",
        "-1",
        "1e999",
    ),
    *(
        '"\\ud800"',
        "\ufeff",
        "\U0001f600",
        "9" * 400,
        "../",
        ".git/",
        "[" * 300,
        "0001-01-01T00:00:00+14:00",
    ),
    *("9999-12-31T23:59:59-23:59", "10.0", "NaN", '"version":2', "crons", "[[x]]", "* * * * *"),
)


def rows() -> list[Row]:
    """Return how many documents each reader withstands in a second."""
    return [_row(*reader) for reader in readers()]


def readers() -> Iterator[tuple[str, Callable[[str], object], str]]:
    """Yield each reader with a document that is well."""
    vercel = '{"crons": [{"path": "/api/a?x=1", "schedule": "0 6 * * *"}], "functions": {"a": {}}}'
    yield "vercel.json", lambda text: parse_config(text, "vercel.json"), vercel
    settings = '[project]\nout = "a"\n[jobs.a]\nretries = 2\nmoved = { path = "/a", schedule = "* * * * *" }\n'
    yield "cronshift.toml", parse_settings, settings
    epoch = '{"effective_at": "2026-11-24T12:00:00Z", "percent": 10, "operation": "x"}'
    ownership = f'{{"version": 1, "jobs": {{"a": [{epoch}]}}, "flows": {{}}}}'
    yield "ownership", parse_ownership, ownership
    edits = [Edit("src/fuzz.txt", b"one\n"), Edit("fuzz.bin", b"\xff", mode=0o755)]
    operation = build_operation(ROOT, "fuzz", edits, NOW, intent=Intent.MIGRATE, allow_dirty=True)
    yield "journal", _read_journal, encode(ROOT, operation, is_own=False).decode()


class RefusedJournalError(Exception):
    """The journal's reader says in words why a document is none."""


def _read_journal(text: str) -> object:
    try:
        return decode(ROOT, text.encode())
    except ValueError as error:
        raise RefusedJournalError from error


def _row(name: str, read: Callable[[str], object], document: str) -> Row:
    chance, slowest, begun = random.Random(name), 0.0, time.perf_counter()  # noqa: S311 - repeatable
    for _ in range(COUNT // 4):
        text = _broken(chance, document)
        start = time.perf_counter()
        try:
            read(text)
        except (CronshiftError, RefusedJournalError):
            pass
        except Exception:
            print(name, ascii(text))
            raise
        slowest = max(slowest, time.perf_counter() - start)
    speed = COUNT // 4 / (time.perf_counter() - begun)
    return Row(
        f"fuzz {name}: {COUNT // 4:,} documents, slowest {slowest * 1000:.0f} ms",
        f"{speed:,.0f}/s",
        "",
        None,
        f"no crash, none over {SLOWEST:.0f} s",
        slowest < SLOWEST,
    )


def _broken(chance: random.Random, text: str) -> str:
    """Return a document with one to four places cut, doubled or replaced."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 2, 8, 40)))
        text = text[:start] + chance.choice((*TOKENS, text[start:end] * 2, "")) + text[end:]
    return text

"""Broken documents through every reader of a project's files: each is read, or refused in words.

``CRONSHIFT_FUZZ`` says how many; 1,000,000 take about half an hour. A seed is printed when one fails.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError
from cronshift.operations import Edit, Intent, build_operation
from cronshift.operations.journal import decode, encode
from cronshift.project.rollouts_file import Rollout, Rollouts, dump_rollouts, rollouts_of
from cronshift.project.settings import parse_settings
from cronshift.readiness.setup.linking import linked_folder, linked_repository
from cronshift.readiness.setup.setup_record import read_marks
from cronshift.runtime.dead_letters import as_document as letter_document
from cronshift.runtime.dead_letters import parse_letter
from cronshift.runtime.ledger import as_document, parse_record
from cronshift.runtime.ownership import parse_ownership
from cronshift.vercel import parse_config
from table import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALL = int(os.environ.get("CRONSHIFT_FUZZ", "20000"))
SLOWEST = 2.0  # seconds for one document
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = Path(__file__).parent
RECORD = {
    "job": "a",
    "tick": "2026-11-24T12:00:00+00:00",
    "side": "vercel",
    "owner": "inngest",
    "role": "stood by",
    "arrived": "2026-11-24T12:00:01.500+00:00",
    "status": "skipped",
    "attempts": 0,
}
LETTER = {
    "run_id": "01",
    "job": "a",
    "status": "failed",
    "tick": None,
    "event": "a/b",
    "event_id": "1",
    "error": "at https://u:p@h/",
    "died": "2026-11-24T12:00:01+00:00",
}
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
    with tempfile.TemporaryDirectory() as folder:
        each = [*readers(), *readers_of_files(Path(folder))]
        return [_row(*reader, ALL // len(each)) for reader in each]


def readers() -> Iterator[tuple[str, Callable[[str], object], str]]:
    """Yield each reader of a text with a document that is well."""
    vercel = '{"crons": [{"path": "/api/a?x=1", "schedule": "0 6 * * *"}], "functions": {"a": {}}}'
    yield "vercel.json", lambda text: parse_config(text, "vercel.json"), vercel
    settings = '[project]\nout = "a"\n[jobs.a]\nretries = 2\nmoved = { path = "/a", schedule = "* * * * *" }\n'
    settings += '[environments.production]\napp = "https://a.b"\nvercel_project = "prj_1"\ninngest_plan = "pro"\n'
    settings += '[alerts]\nagain = "4h"\nfailure_rate = 0.1\n'
    yield "cronshift.toml", parse_settings, settings
    epoch = '{"effective_at": "2026-11-24T12:00:00Z", "percent": 10, "operation": "x"}'
    ownership = f'{{"version": 1, "jobs": {{"a": [{epoch}]}}, "flows": {{}}}}'
    yield "ownership", parse_ownership, ownership
    edits = [Edit("src/fuzz.txt", b"one\n"), Edit("fuzz.bin", b"\xff", mode=0o755)]
    operation = build_operation(ROOT, "fuzz", edits, NOW, intent=Intent.MIGRATE, allow_dirty=True)
    journal = encode(ROOT, operation, is_own=False).decode()
    yield "journal", _refusing(lambda text: decode(ROOT, text.encode())), journal
    plan = Rollout(stages=(10, 100), begun=NOW, operation="01", auto=50, because="why")
    rollouts = (dump_rollouts(Rollouts(jobs={"a": plan})) or b"").decode()
    yield "rollouts", lambda text: rollouts_of(text.encode()), rollouts
    record = json.dumps(RECORD | {"numbers": {"a": 1.5}, "seen": {"app": "file"}})
    yield "ledger", _refusing(lambda text: as_document(parse_record(json.loads(text)))), record
    letter = json.dumps(LETTER)
    yield "letter", _refusing(lambda text: letter_document(parse_letter(json.loads(text)))), letter


def readers_of_files(folder: Path) -> Iterator[tuple[str, Callable[[str], object], str]]:
    """Yield each reader of a file that is not handed its text."""
    marks = '{"version": 1, "steps": {"keys": {"by": "a@b", "at": "2026-11-24T12:00:00Z", "by_word": true}}}'
    record = folder / ".cronshift" / "setup" / "production.json"
    yield "set-up", _of_file(record, lambda: read_marks(folder, "production")), marks
    link = '{"projectId": "prj_1", "orgId": "team_1", "settings": {"framework": "nextjs"}}'
    file = folder / ".vercel" / "project.json"
    yield "link", _of_file(file, lambda: linked_folder(folder)), link
    projects = (
        '{"orgId": "team_1", "projects": [{"id": "prj_1", "directory": ".", "orgId": "team_1"}]}'
    )
    file = folder / ".vercel" / "repo.json"
    yield "link of a repository", _of_file(file, lambda: linked_repository(folder)), projects


class RefusedDocumentError(Exception):
    """A reader says by a ``ValueError`` that a document is none."""


def _refusing(read: Callable[[str], object]) -> Callable[[str], object]:
    def reading(text: str) -> object:
        try:
            return read(text)
        except (ValueError, RecursionError) as error:
            raise RefusedDocumentError from error

    return reading


def _of_file(file: Path, read: Callable[[], object]) -> Callable[[str], object]:
    file.parent.mkdir(parents=True, exist_ok=True)

    def reading(text: str) -> object:
        file.write_bytes(text.encode())
        return read()

    return reading


def _row(name: str, read: Callable[[str], object], document: str, count: int) -> Row:
    chance, slowest, begun = random.Random(name), 0.0, time.perf_counter()  # noqa: S311 - repeatable
    for _ in range(count):
        text = _broken(chance, document)
        start = time.perf_counter()
        try:
            read(text)
        except (CronshiftError, RefusedDocumentError):
            pass
        except Exception:
            print(name, ascii(text))
            raise
        slowest = max(slowest, time.perf_counter() - start)
    speed = count / (time.perf_counter() - begun)
    return Row(
        f"fuzz {name}: {count:,} documents, slowest {slowest * 1000:.0f} ms",
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

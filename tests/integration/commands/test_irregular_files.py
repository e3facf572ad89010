"""What is named like a source or a configuration and is no file: nothing hangs, nothing is a bug."""

from __future__ import annotations

import ast
import json
import os
import signal
import socket
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cronshift.cli import run
from cronshift.runtime import regular_files
from cronshift.runtime.regular_files import is_regular, read_at, read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCES = Path(regular_files.__file__).parents[1]
VERCEL = {
    "crons": [
        {"path": "/api/a", "schedule": "0 6 * * *"},
        {"path": "/api/cron/b", "schedule": "0 * * * *"},
    ],
    "functions": {"api/*.py": {"maxDuration": 60}},
}
PATIENCE = 30  # seconds until a command counts as hanging


class HangingError(BaseException):
    """No command may take this for a file that cannot be read."""


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise HangingError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    with chdir(path.parent), socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(40 * 1024**3)  # a hole: nothing is on disk


def folder(path: Path) -> None:
    path.mkdir()


KINDS = [fifo, unix_socket, endless, huge, folder]
NAMES = [
    "vercel.json",
    "cronshift.toml",
    "cronshift.ownership.json",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "next.config.js",
    "middleware.ts",
    "pyproject.toml",
    "requirements.txt",
    "manage.py",
    "api/a.py",
    "app/api/cron/b/route.ts",
    "inngest_app/old.py",
    "prisma/schema.prisma",
    ".env.example",
    ".env.local",
    ".vercel/output/config.json",
    "notes.md",
]
COMMANDS = [
    ("audit",),
    ("audit", "--json"),
    ("status",),
    ("init", "--dry-run"),
    ("migrate", "--dry-run"),
    ("migrate", "--yes"),
    ("cutover", "--all", "--yes"),
    ("finalize", "--all", "--ticks-ran", "--yes"),
    ("rollback", "--all", "--yes"),
    ("scaffold", "sessions", "--dry-run"),
    ("flags", "export"),
    ("history",),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "vercel.json": json.dumps(VERCEL),
        "package.json": '{"dependencies": {"next": "15.0.0", "inngest": "^3.0.0"}}',
        "requirements.txt": "fastapi\n",
        "api/a.py": "from fastapi import FastAPI\napp = FastAPI()\n",
        "app/api/cron/b/route.ts": "export async function GET() { return new Response('ok') }\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_no_command_hangs_or_breaks(
    root: Path, name: str, kind: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    kind(path)
    for words in COMMANDS:
        with no_longer_than(PATIENCE):
            run(["-C", str(root), *words])
        said = capsys.readouterr()
        assert "bug in cronshift" not in said.out + said.err, words


@pytest.mark.parametrize("kind", [fifo, unix_socket, endless, huge, folder])
def test_the_reader_reads_regular_files_only(tmp_path: Path, kind: Callable[[Path], None]) -> None:
    kind(tmp_path / "it")
    assert not is_regular(tmp_path / "it")
    with no_longer_than(PATIENCE), pytest.raises(OSError):
        read_regular(tmp_path / "it")
    opened = os.open(tmp_path, os.O_RDONLY)
    with no_longer_than(PATIENCE), pytest.raises(OSError):
        read_at(opened, "it")
    os.close(opened)


def test_the_reader_stops_at_its_limit(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"x" * 10)
    assert read_regular(tmp_path / "it", 10) == b"x" * 10
    with pytest.raises(OSError, match="larger than 9 bytes"):
        read_regular(tmp_path / "it", 9)


ITS_OWN = {
    # What is read of cronshift's own package, and not of a project.
    "plan/findings/example.py",
    "plan/forecast.py",
    "runtime/schedule/grammar.py",
    "sessions/events/__init__.py",
    "runtime/regular_files.py",
}


def test_every_room_reads_by_the_one_reader() -> None:
    for file in SOURCES.rglob("*.py"):
        name = file.relative_to(SOURCES).as_posix()
        if name in ITS_OWN:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in {"read_bytes", "read_text"}, f"{name}:{node.lineno}"


def test_a_name_that_is_no_text_breaks_no_document(
    root: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    document = VERCEL | {"functions": {"api/\ud800.py": {"maxDuration": 60}}}
    (root / "vercel.json").write_text(json.dumps(document))
    with open(bytes(root / "api") + b"/\xff.py", "w") as file:  # noqa: PTH123 - no text
        file.write("from fastapi import FastAPI\napp = FastAPI()\n")
    documents = [("audit", "--json"), ("audit", "--format", "sarif"), ("status", "--json")]
    for words in [*documents, ("audit",), ("audit", "--format", "github"), ("migrate", "--yes")]:
        run(["-C", str(root), *words])
        out, err = capsysbinary.readouterr()
        assert b"bug in cronshift" not in out + err
        if words in documents:
            json.loads(out)

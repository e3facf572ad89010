"""The command line through its real entry point, in a copy of the example."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[3]
QUIET = {"CRONSHIFT_BASE_URL", "CRON_SECRET", "INNGEST_DEV", "INNGEST_SIGNING_KEY", "NO_COLOR"}


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Cronshift:
    """Runs ``cronshift`` in a folder, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, *words: str, env: Mapping[str, str] | None = None, stdin: str | None = None
    ) -> Said:
        done = subprocess.run(
            [Path(sys.executable).with_name("cronshift"), *words],
            cwd=self.folder,
            env={**_environment(), **(env or {})},
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in QUIET}
    assumed = {"CRONSHIFT_ASSUME": "variables"}  # nobody here knows what Vercel has set
    return kept | assumed | {"COLUMNS": "120", "INNGEST_DEV": "1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy the example's project."""
    ignored = shutil.ignore_patterns(
        "demo.py", "sessions", "nextjs", "sveltekit", "__pycache__", "inngest_app"
    )
    return Path(shutil.copytree(ROOT / "examples", tmp_path / "predictions", ignore=ignored))


@pytest.fixture
def environment() -> dict[str, str]:
    """Return the variables that the command line is run with."""
    return _environment()


@pytest.fixture
def cronshift(project: Path) -> Cronshift:
    return Cronshift(project)


@pytest.fixture
def empty(tmp_path: Path) -> Callable[..., Cronshift]:
    """Make a project of the files that are given."""

    def make(**files: str) -> Cronshift:
        root = tmp_path / "other"
        root.mkdir()
        for name, text in files.items():
            (root / name.replace("__", ".")).write_text(text)
        return Cronshift(root)

    return make


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Serve the example's app on a free loopback port."""
    sys.path.insert(0, str(ROOT / "examples"))
    config = uvicorn.Config("api.index:app", host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    listener.listen()  # from now on callers wait instead of being refused
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    sys.path.remove(str(ROOT / "examples"))

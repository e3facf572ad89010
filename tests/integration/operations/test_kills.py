from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.operations import finish, history, read_journal, revert, unfinished
from cronshift.operations.model import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

SCRIPT = Path(__file__).with_name("killed_at.py")


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("killed_at", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script: Any = load_script()


def tree(root: Path) -> dict[str, object]:
    """Everything in a project but cronshift's own records: folders, contents, modes."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mode, path.read_bytes())
        if path.is_file()
        else None
        for path in sorted(root.rglob("*"))
        if ".cronshift" not in path.relative_to(root).parts
    }


class Killer:
    """The process that starts, and loses, one process after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, root: Path, verb: str, number: int) -> bool:
        """Run one verb and say whether its process died on the way."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{root}\t{verb}\t{number}\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        assert status in {0, signal.SIGKILL}
        return status != 0

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def killed() -> Iterator[Killer]:
    killer = Killer()
    yield killer
    killer.close()


@pytest.fixture(scope="module")
def states(
    tmp_path_factory: pytest.TempPathFactory, killed: Killer
) -> tuple[dict[str, object], dict[str, object]]:
    root = tmp_path_factory.mktemp("whole")
    script.prepare(root)
    before = tree(root)
    assert not killed(root, "apply", 0)
    return before, tree(root)


def test_the_whole_operation_does_what_was_asked(
    states: tuple[dict[str, object], dict[str, object]],
) -> None:
    before, after = states
    assert set(before) - set(after) == {
        "app/api",
        "app/api/cron",
        "app/api/cron/gone",
        "app/api/cron/gone/route.ts",
        "app/api/cron/old",
        "app/api/cron/old/route.ts",
    }
    assert set(after) - set(before) == {
        "inngest_app",
        "inngest_app/jobs",
        "inngest_app/jobs/a.py",
        "lib",
        "lib/jobs",
        "lib/jobs/old.ts",
    }


@pytest.mark.parametrize("way", ["finish", "revert"])
def test_a_kill_at_any_instant_leaves_the_before_or_the_after_state(
    tmp_path: Path, killed: Killer, states: tuple[dict[str, object], dict[str, object]], way: str
) -> None:
    before, after = states
    for number in range(1, 200):
        root = tmp_path / str(number)
        root.mkdir()
        script.prepare(root)
        if not killed(root, "apply", number):
            assert number > 20
            return
        operation = unfinished(root)
        if operation is None:
            assert tree(root) == (after if history(root) else before), number
            continue
        assert read_journal(root).records[-1].is_own, number
        (finish if way == "finish" else revert)(root, operation)
        assert tree(root) == (after if way == "finish" else before), number
        assert unfinished(root) is None
    pytest.fail("the operation never came to its end")


@pytest.mark.parametrize("way", ["finish", "revert"])
def test_a_kill_while_resuming_is_resumed_too(
    tmp_path: Path, killed: Killer, states: tuple[dict[str, object], dict[str, object]], way: str
) -> None:
    before, after = states
    for number in range(1, 200):
        root = tmp_path / str(number)
        root.mkdir()
        script.prepare(root)
        assert killed(root, "apply", 28)
        if not killed(root, way, number):
            return
        operation = unfinished(root)
        if operation is not None:
            revert(root, operation) if way == "revert" else finish(root, operation)
        assert tree(root) == (after if way == "finish" else before), number
        assert history(root)[-1].state is (State.APPLIED if way == "finish" else State.REVERTED)
    pytest.fail("resuming never came to its end")

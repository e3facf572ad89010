"""Run ``apply``, ``finish`` or ``revert`` on a prepared project and die at the n-th system call.

``plan`` applies the operation in ``plan.json`` beside the project. Started once by the tests. Every
line it reads, ``ROOT VERB N``, runs in a process of its own,
whose exit status it prints: 0 when that got to the end, else the signal that killed it.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

from cronshift.operations import (
    ChangeKind,
    Edit,
    Intent,
    Operation,
    apply,
    build_operation,
    finish,
    revert,
    staging,
    unfinished,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EDITS = (
    Edit("vercel.json", b'{"crons": []}\n', ChangeKind.EDIT_ENTRY),
    Edit("inngest_app/jobs/a.py", b"# a\n"),
    Edit("lib/jobs/old.ts", b"moved\n", ChangeKind.MOVE, moved_from="app/api/cron/old/route.ts"),
    Edit("app/api/cron/gone/route.ts", None, ChangeKind.DELETE),
    Edit("binary.dat", b"\xff\xfe\x00"),
)


def prepare(root: pathlib.Path) -> None:
    """Lay out a project for EDITS."""
    files = {
        "vercel.json": '{"crons": [1]}\r\n',
        "app/api/cron/old/route.ts": "moved\n",
        "app/api/cron/gone/route.ts": "gone\n",
        "app/page.tsx": "stays\n",
        "binary.dat": "old",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (root / "app/api/cron/gone/route.ts").chmod(0o755)


def die_at(number: int) -> None:
    """Let this process be killed just before the n-th call that changes the disk."""
    left = [number]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call

    for name in ("fsync", "replace", "rename", "link", "unlink", "mkdir", "rmdir", "fchmod"):
        setattr(os, name, counted(getattr(os, name)))
    vars(staging)["exchange"] = counted(vars(staging)["exchange"])


def main(root: pathlib.Path, verb: str, number: int) -> None:
    """Do what was asked, as far as it gets."""
    if verb == "apply":
        operation = build_operation(root, "test", EDITS, NOW, intent=Intent.MIGRATE)
        die_at(number)
        apply(root, operation)
    elif verb == "plan":
        planned = Operation.from_json(json.loads((root.parent / "plan.json").read_text()))
        die_at(number)
        apply(root, planned)
    else:
        interrupted = unfinished(root)
        assert interrupted is not None
        die_at(number)
        (finish if verb == "finish" else revert)(root, interrupted)


if __name__ == "__main__":
    for line in sys.stdin:
        root, verb, number = line.split("\t")
        child = os.fork()
        if child == 0:
            main(pathlib.Path(root), verb, int(number))
            os._exit(0)
        print(os.waitpid(child, 0)[1], flush=True)  # noqa: T201 - the answer

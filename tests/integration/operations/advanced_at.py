"""Take one step of a rollout, as ``advance`` does, and die at the n-th call that changes the disk.

Started once by the tests. Every line it reads, ``ROOT NOW PERCENT N``, runs in a process of its own,
whose exit status it prints: 0 when that got to the end, else the signal that killed it.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
from datetime import datetime
from typing import Any

from cronshift.errors import RefusedError
from cronshift.moving.advance import RolloutStep, prepare_step, recover
from cronshift.operations import apply, refuse_late
from cronshift.project import load_project
from cronshift.readiness.checking import Decisions


def killing() -> Any:
    """Return the module that lets a process die at a call."""
    path = pathlib.Path(__file__).with_name("killed_at.py")
    spec = importlib.util.spec_from_file_location("killed_at", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def step(root: pathlib.Path, now: datetime, percent: int) -> None:
    """Bring what was interrupted to its end, and take the next step."""
    recover(root, now)
    wanted = RolloutStep(("mail",), percent, is_by_itself=True, decisions=Decisions())
    try:
        operation = prepare_step(load_project(root), wanted, now).operation
    except RefusedError as error:
        assert error.reason == "epoch-pending", error
        return
    if operation.changes:
        refuse_late(root, operation, now)
        apply(root, operation)


if __name__ == "__main__":
    die_at = killing().die_at
    for line in sys.stdin:
        root, now, percent, number = line.split("\t")
        child = os.fork()
        if child == 0:
            die_at(int(number))
            step(pathlib.Path(root), datetime.fromisoformat(now), int(percent))
            os._exit(0)
        print(os.waitpid(child, 0)[1], flush=True)  # noqa: T201 - the answer

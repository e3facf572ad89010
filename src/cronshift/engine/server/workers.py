"""Several processes on one socket: each serves by itself, and they drain and end together."""

from __future__ import annotations

import json
import os
import select
import signal
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cronshift.engine.server.observed import METRICS_FOLDER
from cronshift.errors import CronshiftError, ExitCode, NotWellError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_LAST_SECONDS = 5.0  # beyond the grace, for workers to end by themselves
_POLL_SECONDS = 0.2
_PAUSE = 0.5  # before a worker that has died is begun anew
_FORWARDED = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class ServingProcess:
    """The side of a worker that its parent hears.

    Attributes:
        tell: tells once that it takes work, with what it serves, or why it does not.
    """

    tell: Callable[[dict[str, Any]], None]


def serve_in_workers(
    count: int,
    serve: Callable[[ServingProcess], ExitCode],
    on_ready: Callable[[dict[str, Any]], None],
    grace: float,
) -> ExitCode:
    """Serve in so many processes until SIGTERM or Ctrl-C, and return how they ended: the worst of all.

    A worker that dies is begun anew; one that cannot begin ends all of them.

    Args:
        count: how many.
        serve: serves in a process of its own, until it is told to stop.
        on_ready: called once, when all take work, with what one of them tells.
        grace: seconds for which running steps may go on at the end.

    Raises:
        CronshiftError: ``usage`` where the system cannot fork, or the error of the first worker that
            could not begin.
    """
    if not hasattr(os, "fork"):
        raise CronshiftError("--workers needs a system that can fork.", reason="usage")
    with tempfile.TemporaryDirectory(prefix="cronshift-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        crew = _Crew(serve, on_ready, grace)
        with crew.hearing():
            for _ in range(count):
                crew.begin()
            code = crew.watch(count)
    if crew.failure is not None:
        raise crew.failure
    return code


@dataclass
class _Crew:
    """The workers, as their parent sees them."""

    serve: Callable[[ServingProcess], ExitCode]
    on_ready: Callable[[dict[str, Any]], None]
    grace: float
    running: dict[int, int] = field(default_factory=dict)  # the pipe of each, by its process
    ready: set[int] = field(default_factory=set)
    failure: CronshiftError | None = None
    stopping: float | None = None
    code: ExitCode = ExitCode.OK
    is_announced: bool = False

    @contextmanager
    def hearing(self) -> Iterator[None]:
        """Send what this process is told on to all of them."""

        def pass_on(number: int, _: FrameType | None) -> None:
            self.stopping = self.stopping or time.monotonic()
            self.signal(number)

        before = {number: signal.signal(number, pass_on) for number in _FORWARDED}
        try:
            yield
        finally:
            self.signal(signal.SIGKILL)
            for number, old in before.items():
                signal.signal(number, old)

    def signal(self, number: int) -> None:
        """Send a signal to all that run."""
        for process in list(self.running):
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue

    def begin(self) -> None:
        """Begin one more worker; its life ends with this process, whatever ends that."""
        reading, writing = os.pipe()
        living, life = os.pipe()
        process = os.fork()
        if process == 0:
            for pipe in (reading, life, *self.running.values(), *_LIVES.values()):
                os.close(pipe)
            self._work(writing, living)
        os.close(writing)
        os.close(living)
        self.running[process] = reading
        _LIVES[process] = life

    def _work(self, writing: int, living: int) -> None:
        """Serve, in the process that was begun, and end it."""
        code = int(ExitCode.USAGE)
        try:
            os.setpgid(0, 0)  # Ctrl-C reaches the parent alone, which passes it on
            for number in _FORWARDED:
                signal.signal(number, signal.SIG_DFL)
            threading.Thread(target=_end_with_parent, args=(living,), daemon=True).start()
            code = int(self.serve(ServingProcess(lambda document: _write(writing, document))))
        except CronshiftError as error:
            code = int(error.exit_code)
            _write(writing, {"error": error.to_dict(), "code": code})
        finally:
            os._exit(code)

    def watch(self, count: int) -> ExitCode:
        """Wait until all have ended, and return the worst code."""
        while self.running:
            waited = {pipe: each for each, pipe in self.running.items() if each not in self.ready}
            readable, _, _ = select.select([*waited], [], [], _POLL_SECONDS)
            for pipe in readable:
                self._hear(waited[pipe], _read(pipe), count)
            self._reap()
            if self.stopping and time.monotonic() > self.stopping + self.grace + _LAST_SECONDS:
                self.signal(signal.SIGKILL)
        return self.code

    def _hear(self, process: int, document: dict[str, Any], count: int) -> None:
        """Take what a worker tells: that it takes work, or why it does not."""
        if "error" in document:
            error = document["error"]
            fields = {key: error.get(key) for key in ("reason", "hint", "where")}
            self.failure = self.failure or _failure(error["message"], document["code"], **fields)
        elif document:
            self.ready.add(process)
            if len(self.ready) == count and not self.is_announced:
                self.is_announced = True
                self.on_ready(document)

    def _reap(self) -> None:
        """Take note of those that have ended."""
        for process in list(self.running):
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended:
                continue
            os.close(self.running.pop(process))
            os.close(_LIVES.pop(process))
            _forget_metrics(process)
            if self.stopping is not None:
                has_worked = process in self.ready  # before that there was nothing to finish
                self.code = max(self.code, _code(status) if has_worked else ExitCode.OK)
            elif process in self.ready:
                time.sleep(_PAUSE)
                self.begin()
            else:  # it could not begin: neither could another
                self.code = max(self.code, _code(status), ExitCode.NOT_WELL)
                self.stopping = time.monotonic()
                self.signal(signal.SIGTERM)


_LIVES: dict[int, int] = {}
"""The pipe that tells each worker that its parent has ended, by its process."""


def _code(status: int) -> ExitCode:
    code = os.waitstatus_to_exitcode(status)
    try:
        return ExitCode(code)
    except ValueError:
        return ExitCode.NOT_WELL  # a signal has ended it


def _end_with_parent(living: int) -> None:
    os.read(living, 1)  # nothing is ever written: it ends when the parent does
    os.kill(os.getpid(), signal.SIGTERM)


def _failure(message: str, code: int, **fields: Any) -> CronshiftError:
    kinds = {kind.exit_code: kind for kind in (NotWellError, RefusedError)}
    return kinds.get(ExitCode(code), CronshiftError)(message, **fields)


def _write(pipe: int, document: dict[str, Any]) -> None:
    os.write(pipe, json.dumps(document).encode())
    os.close(pipe)


def _read(pipe: int) -> dict[str, Any]:
    """Return the document that a worker has told; an empty one where it has ended without a word."""
    text = b""
    while chunk := os.read(pipe, 65_536):
        text += chunk
    document: dict[str, Any] = json.loads(text or b"{}")
    return document


def _forget_metrics(process: int) -> None:
    """Let the gauges of a process that has ended count no more; what it has counted stays."""
    from prometheus_client import multiprocess

    mark: Any = multiprocess.mark_process_dead
    mark(process)

"""The generated package, imported in a process of its own: its registration."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cronshift.engine.validation.registration import (
    FunctionConfig,
    Registration,
    Undeclared,
    Unloaded,
    Unregistrable,
)
from cronshift.errors import ConfigError, CronshiftError, NotWellError
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TIMEOUT = timedelta(minutes=1)


def inspect_package(
    root: Path,
    package: str,
    *,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
    timeout: timedelta = TIMEOUT,
) -> Registration:
    """Import a generated package in another process and return its registration.

    The project's own code runs there, from ``root``, in dev mode unless the environment says
    otherwise; what it prints is dropped. No bytecode is left behind.

    Args:
        root: the project's folder; first on the package's ``sys.path``.
        package: dotted name, as ``src.inngest_app``.
        python: the interpreter, with cronshift and what the package needs.
        environment: the variables; this process's own when absent.
        timeout: how long importing may take.

    Raises:
        CronshiftError: ``not-generated`` when there is no such package, ``no-python`` when the
            interpreter cannot be started.
        NotWellError: ``import-failed`` with the project's own error, or ``import-timeout``.
    """
    if not root.joinpath(*package.split("."), "__init__.py").is_file():
        raise ConfigError(
            f"There is no package {package} to validate.",
            reason="not-generated",
            hint="cronshift migrate",
            where=package,
        )
    answer = _ask(root.resolve(), package, python, environment, timeout)
    if "error" in answer:
        raise _import_error(package, answer["error"])
    return _registration(answer["registration"])


def _ask(
    root: Path,
    package: str,
    python: str,
    environment: Mapping[str, str] | None,
    timeout: timedelta,
) -> dict[str, Any]:
    """Return the probe's answer."""
    variables = {"INNGEST_DEV": "1", **(os.environ if environment is None else environment)}
    command = [python, "-B", "-P", "-m", "cronshift.engine.validation.probe", package]
    with tempfile.TemporaryFile() as stderr:  # a pipe would wait for programs the package started
        try:
            process = subprocess.Popen(  # noqa: S603 - the interpreter asked for, and our own module
                command,
                cwd=root,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            raise CronshiftError(
                f"{python} cannot be started: {error.strerror}.", reason="no-python"
            ) from error
        out = _output(process, package, timeout)
        stderr.seek(0)
        err = stderr.read()
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError:
        raise _no_answer(package, process.returncode, err) from None
    return answer


def _output(process: subprocess.Popen[bytes], package: str, timeout: timedelta) -> bytes:
    """Return all output of the probe; when that takes too long, end it and its children."""
    with process:
        try:
            return process.communicate(timeout=timeout.total_seconds())[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise NotWellError(
                f"{package} was not imported within {timeout.total_seconds():g} seconds.",
                reason="import-timeout",
                hint="Importing a module should not start work or wait for a server.",
                where=package,
            ) from None
        except BaseException:  # Ctrl-C does not reach the probe's own process group
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _registration(document: Mapping[str, Any]) -> Registration:
    functions: list[FunctionConfig] = []
    unreadable: list[Unregistrable] = []
    for described in document["functions"]:
        location = _location(described)
        if "problem" in described:
            unreadable.append(Unregistrable(described["id"], described["problem"], location))
        else:
            functions += (FunctionConfig.from_wire(wire, location) for wire in described["wires"])
    return Registration(
        app_id=document["app_id"],
        sdk=document["sdk"],
        functions=tuple(functions),
        count=len(document["functions"]),
        undeclared=tuple(
            Undeclared(function["id"], _location(function)) for function in document["undeclared"]
        ),
        unreadable=tuple(unreadable),
        unloaded=tuple(map(_unloaded, document["apps"])),
    )


def _unloaded(app: Mapping[str, Any]) -> Unloaded:
    error = app["error"]
    trail = error["trail"]
    location = Location(trail[-1]["file"], trail[-1]["line"]) if trail else None
    text = f"{error['type']}: {error['message']}".removesuffix(": ")
    return Unloaded(app["reference"], text, app["sure"], location)


def _location(described: Mapping[str, Any]) -> Location | None:
    return Location(described["file"], described["line"]) if "file" in described else None


def _import_error(package: str, error: Mapping[str, Any]) -> NotWellError:
    """Return the project's own error, with the few lines of its code that led there."""
    trail = [f"{at['file']}:{at['line']}" for at in error["trail"]]
    lines = [f"\n  {place}  {at['code']}" for place, at in zip(trail, error["trail"], strict=True)]
    message = f"{error['type']}: {error['message']}".removesuffix(": ")
    return NotWellError(
        f"{package} cannot be imported: {message}{''.join(lines)}",
        reason="import-failed",
        hint="Correct it, then: cronshift validate",
        where=trail[-1] if trail else package,
    )


def _no_answer(package: str, code: int, err: bytes) -> NotWellError:
    last = (err.decode(errors="replace").strip().splitlines() or [""])[-1]
    return NotWellError(
        f"{package} ended its process (exit code {code}) while it was imported. {last}".rstrip(),
        reason="import-failed",
        hint="Importing a module must not end the process.",
        where=package,
    )

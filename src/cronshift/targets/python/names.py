"""Names in the generated package: strict, unique, and never one that means something already."""

from __future__ import annotations

import builtins
import keyword
import re
import sys

from cronshift.errors import CronshiftError
from cronshift.plan.job_ids import module_name
from cronshift.runtime.lazy_pattern import lazy_pattern

_ID = lazy_pattern(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_GENERATED = {"apps", "asgi", "bridge", "client", "functions", "handler", "jobs", "on_failure"}
_IMPORTED = {"cronshift", "fastapi", "inngest", "runtime", "timedelta"}
_TAKEN = _GENERATED | _IMPORTED | set(dir(builtins))


def job_module(job_id: str) -> str:
    """Return the name of a job's module.

    Raises:
        CronshiftError: if the id is more than lower-case words and numbers joined by ``-``.
    """
    if not _ID.fullmatch(job_id):
        raise CronshiftError(
            f"{job_id!r} is no job id: lower-case words and numbers, joined by hyphens.",
            reason="invalid-job-id",
            hint="Name the job under [jobs.ID] in cronshift.toml.",
        )
    return module_name(job_id)


def job_function(job_id: str) -> str:
    """Return the name of a job's function; it shadows nothing in the modules that use it."""
    return free(job_module(job_id))


def row_function(job_id: str) -> str:
    """Return the name of the function that does one row of a job; no job's has two underscores."""
    return f"{job_module(job_id)}__row"


def free(name: str) -> str:
    """Return ``name``, with an underscore behind it where it is taken; no id gives such a name."""
    return f"{name}_" if name in _TAKEN else name


def package_of(out: str) -> str:
    """Return the dotted name of the package in the folder ``out``.

    Raises:
        CronshiftError: if the folder cannot be imported, or would hide another package.
    """
    parts = out.split("/")
    fine = all(_is_name(part) for part in parts)
    if not fine or {parts[0], parts[-1]} & (_IMPORTED | sys.stdlib_module_names):
        raise CronshiftError(
            f"{out!r} cannot be a package of this project.",
            reason="invalid-out",
            hint="Name a folder like inngest_app or src/inngest_app.",
            where=out,
        )
    return ".".join(parts)


def reference(file: str, export: str) -> str:
    """Return ``module:attribute`` of a handler, or ``file.py:attribute`` if it is not importable."""
    parts = file.removesuffix(".py").split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    importable = all(map(_is_name, parts)) and parts[0] not in sys.stdlib_module_names
    return f"{'.'.join(parts) if importable else file}:{export}"


def app_name(file: str) -> str:
    """Return a name for the app in ``file``."""
    stem = re.sub(r"\W+", "_", file.removesuffix(".py"), flags=re.ASCII).strip("_").lower()
    return free(module_name(stem) if stem else "app")


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return the key by which isort sorts modules: numbers by their value."""
    parts = re.split(r"(\d+)", name)
    return tuple(
        (1, len(part), part) if part.isdigit() and part[0] != "0" else (0, 0, part)
        for part in parts
    )


def _is_name(part: str) -> bool:
    return part.isascii() and part.isidentifier() and not keyword.iskeyword(part)

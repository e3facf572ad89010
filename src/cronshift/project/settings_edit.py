"""Edits of cronshift.toml that keep comments and order: target, moved entries, accepted findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import AoT, Table

from cronshift.errors import RefusedError
from cronshift.operations.files import content, inside
from cronshift.project.settings import CONFIG_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cronshift.project.project import Project


def editable_settings(project: Project, what: str, by_hand: str) -> tuple[str, bytes | None]:
    """Return the settings' file, and its bytes; ``None`` where there is none yet.

    Args:
        project: whose settings.
        what: is to be kept in it, in words.
        by_hand: what the user can do instead.

    Raises:
        RefusedError: if the settings were read from outside the project.
    """
    file = project.settings.file or CONFIG_NAME
    on_disk = content(inside(project.root, file))
    if on_disk is None and project.settings.file is not None:
        raise RefusedError(
            f"{file} does not lie in the project, so {what} cannot be kept there.",
            reason="not-editable",
            hint=by_hand,
            where=file,
        )
    return file, on_disk


def set_project(text: str, values: Mapping[str, str | list[str]]) -> str:
    """Return ``text`` with keys of ``[project]`` set; the table is added at the end if need be."""
    document = tomlkit.parse(text)
    project = document.get("project")
    if project is None:
        if text and not text.endswith("\n\n"):
            document.add(tomlkit.nl())
        document["project"] = project = tomlkit.table()
    project.update(values)
    return tomlkit.dumps(document)


def set_environment(text: str, name: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with keys of ``[environments.NAME]`` set; the others stay."""
    document = tomlkit.parse(text)
    environments = document.get("environments")
    if environments is None:
        if text and not text.endswith("\n\n"):
            document.add(tomlkit.nl())
        document["environments"] = environments = tomlkit.table(is_super_table=True)
    if name not in environments:
        environments[name] = tomlkit.table()
    environments[name].update(values)
    return tomlkit.dumps(document)


def set_heartbeat(text: str, job_id: str, variable: str) -> str:
    """Return ``text`` in which a job names the variable that holds its monitor's address."""
    document = tomlkit.parse(text)
    jobs = document.get("jobs")
    if jobs is None:
        if text and not text.endswith("\n\n"):
            document.add(tomlkit.nl())
        document["jobs"] = jobs = tomlkit.table(is_super_table=True)
    if job_id not in jobs:
        jobs[job_id] = tomlkit.table()
    jobs[job_id]["heartbeat"] = variable
    return tomlkit.dumps(document)


def add_moved(text: str, job_id: str, entry: Mapping[str, str | int]) -> str:
    """Return ``text`` with the entry of a job that Vercel no longer has: path, schedule, and more."""
    document = tomlkit.parse(text)
    jobs = document.get("jobs")
    if jobs is None:
        jobs = tomlkit.table(is_super_table=True)
        document["jobs"] = jobs
    table = jobs.get(job_id)
    if table is None:
        table = tomlkit.table()
        jobs[job_id] = table
    inline = tomlkit.inline_table()
    inline.update(entry)
    table["moved"] = inline
    return tomlkit.dumps(document)


def add_job(text: str, job_id: str, values: Mapping[str, Any]) -> str:
    """Return ``text`` with one more job; a mapping among the values stands on one line."""
    document = tomlkit.parse(text)
    if "jobs" not in document:
        if text and not text.endswith("\n\n"):
            document.add(tomlkit.nl())
        document["jobs"] = tomlkit.table(is_super_table=True)
    table = tomlkit.table()
    for name, value in values.items():
        inline = tomlkit.inline_table()
        if isinstance(value, dict):
            inline.update(value)
        table[name] = inline if isinstance(value, dict) else value
    document["jobs"][job_id] = table
    return tomlkit.dumps(document)


def drop_moved(text: str, job_id: str) -> str:
    """Return ``text`` without that entry, and without the tables that then hold nothing."""
    document = tomlkit.parse(text)
    jobs = document.get("jobs", {})
    table = jobs.get(job_id)
    if not isinstance(table, Table) or "moved" not in table:
        return text
    del table["moved"]
    if not table:
        del jobs[job_id]
    if not jobs:
        del document["jobs"]
    return tomlkit.dumps(document)


def drop_job(text: str, job_id: str) -> str:
    """Return ``text`` without all that it says of a job."""
    document = tomlkit.parse(text)
    jobs = document.get("jobs", {})
    if job_id in jobs:
        del jobs[job_id]
    if "jobs" in document and not jobs:
        del document["jobs"]
    return tomlkit.dumps(document)


def rename_job(text: str, old: str, new: str, entry: Mapping[str, str]) -> str:
    """Return ``text`` in which a job has another name: its table, and its acceptances.

    Args:
        text: of cronshift.toml.
        old: the job's name.
        new: its name from then on.
        entry: what the table must say so that the name is that entry's; nothing for a moved job.
    """
    document = tomlkit.parse(text)
    jobs = document.get("jobs")
    if jobs is None:
        jobs = tomlkit.table(is_super_table=True)
        document["jobs"] = jobs
    table = jobs.pop(old) if old in jobs else tomlkit.table()
    table.update({key: value for key, value in entry.items() if key not in table})
    jobs[new] = table
    for accepted in document.get("suppress", ()):
        if accepted.get("job") == old:
            accepted["job"] = new
    return tomlkit.dumps(document)


def as_before(text: str, befores: Iterable[bytes | None]) -> bytes | None:
    """Return the first of ``befores`` from which only white space tells ``text``, else ``text``.

    ``None`` is no file, which says as much as an empty one.
    """
    same = (before for before in befores if (before or b"").decode().split() == text.split())
    return next(same, text.encode())


def add_suppression(text: str, code: str, job_id: str | None, reason: str) -> str:
    """Return ``text`` with one more finding accepted, behind those that are."""
    document = tomlkit.parse(text)
    entry: Any = tomlkit.inline_table()
    entries = document.get("suppress")
    if entries is None or isinstance(entries, AoT):
        entry = tomlkit.table()
    entry["code"] = code
    if job_id is not None:
        entry["job"] = job_id
    entry["reason"] = reason
    if entries is None:
        if text and not text.endswith("\n\n"):
            document.add(tomlkit.nl())
        document["suppress"] = entries = tomlkit.aot()
    elif isinstance(entries, AoT) and entries:
        entries[-1].add(tomlkit.nl())
    entries.append(entry)
    return tomlkit.dumps(document)

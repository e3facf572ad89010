"""Entries of jobs that have one handler do their work, and the one value by which they may differ."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from cronshift.targets.direct import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.model import Job


class StaysError(Exception):
    """A handler stays as it is; the reason reads on from its job."""


def entries_of(jobs: Sequence[Job], name: str | None = None) -> list[Entry]:
    """Return the entries of jobs with one handler; the value of ``name`` is what its work is called with."""
    fan_out = jobs[0].options.fan_out
    if fan_out is not None or name is None:
        param = fan_out.param if fan_out is not None else None
        return [Entry(job.entry.path, job.entry.schedule, param) for job in jobs]
    return [Entry(_without(job.entry.path, name), job.entry.schedule, name) for job in jobs]


def differing_value(jobs: Sequence[Job]) -> str | None:
    """Return the one value of their queries by which jobs of one handler differ."""
    queries = [Entry(job.entry.path, job.entry.schedule).query for job in jobs]
    if all(query == queries[0] for query in queries):
        return None
    names = {name for query in queries for name, _ in query}
    differing = [name for name in names if len({_values(query, name) for query in queries}) > 1]
    if len(differing) > 1 or any(len(_values(query, differing[0])) != 1 for query in queries):
        raise StaysError(f": the queries of {named(jobs)} differ by more than one value")
    return differing[0]


def _values(query: list[tuple[str, str]], name: str) -> tuple[str, ...]:
    return tuple(value for key, value in query if key == name)


def _without(path: str, name: str) -> str:
    """Return a path without a value of its query."""
    bare, _, query = path.partition("?")
    parts = [
        part
        for part in query.split("&")
        if dict(parse_qsl(part, keep_blank_values=True)).keys() != {name}
    ]
    return f"{bare}?{'&'.join(parts)}" if parts else bare


def named(jobs: Sequence[Job]) -> str:
    """Return the ids of jobs, as a sentence has them."""
    return " and ".join(job.id for job in jobs)

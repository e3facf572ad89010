"""Edits of cronshift.toml that keep comments and order: entries that moved there, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomlkit
from tomlkit.items import Table

if TYPE_CHECKING:
    from collections.abc import Mapping


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

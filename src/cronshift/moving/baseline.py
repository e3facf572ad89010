"""Take over: the operation after which cronshift knows jobs that were moved by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.moving.matching import Unmatched, matched, past_entries
from cronshift.operations import (
    ChangeKind,
    Edit,
    Intent,
    Operation,
    Seen,
    build_operation,
    new_operation_id,
)
from cronshift.operations.files import content, inside
from cronshift.project import settings_edit
from cronshift.project.conventions.cron_functions import cron_functions
from cronshift.project.ownership_file import ownership_of
from cronshift.project.slug import slug
from cronshift.runtime.ownership import OWNERSHIP_NAME, Epoch, dump_ownership

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cronshift.moving.matching import Match
    from cronshift.project import Project

_WHOLE = 100  # percent
_CLIENT = re.compile(r"""\bInngest\(\s*app_id\s*=\s*["']([\w.-]+)["']""")


class Baseline(Struct, frozen=True):
    """The plan of a ``baseline``.

    Attributes:
        matches: the jobs that are taken over, by their id.
        done: the jobs that cronshift has already.
        unknown: what is not known of functions and entries.
    """

    matches: Mapping[str, Match]
    done: tuple[str, ...]
    unknown: tuple[Unmatched, ...]
    operation: Operation


def prepare_baseline(project: Project, now: datetime) -> Baseline:
    """Return the operation that writes down which functions do the work of which entries.

    Raises:
        RefusedError: if the settings cannot be edited.
    """
    taken = {job.function.id for job in project.settings.jobs.values() if job.function}
    resolver = project.resolver()
    functions = cron_functions(resolver.tree)
    past = past_entries(project.root, project.config_file, resolver)
    kept = {
        (job.moved.path, job.moved.schedule) for job in project.settings.jobs.values() if job.moved
    }
    left = [each for each in past if (each.entry.path, each.entry.schedule) not in kept]
    matches, unknown = matched([f for f in functions if f.id not in taken], left)
    named = {slug(match.function.id): match for match in matches}
    clashing = [job for job in named if job in project.settings.jobs]
    for job in clashing:
        function = named.pop(job).function
        text = f"cronshift.toml has a job {job} already, of another function or of none"
        unknown.append(Unmatched(function.id, str(function.location), text))
    operation_id = new_operation_id(now)
    edits = [*_settings(project, named), *_ownership(project, named, operation_id)] if named else []
    operation = build_operation(
        project.root,
        "baseline",
        edits,
        now,
        intent=Intent.BASELINE,
        jobs=tuple(named),
        operation_id=operation_id,
    )
    done = tuple(job for job, settings in project.settings.jobs.items() if settings.function)
    return Baseline(named, done, tuple(unknown), operation)


def _settings(project: Project, named: Mapping[str, Match]) -> list[Edit]:
    by_hand = "Write them into cronshift.toml by hand."
    file, on_disk = settings_edit.editable_settings(project, "the jobs", by_hand)
    text = (on_disk or b"").decode()
    app_id = _own_app_id(project)
    if project.settings.app_id is None and app_id is not None:
        text = settings_edit.set_project(text, {"app_id": app_id})
    for job, match in named.items():
        text = settings_edit.add_job(text, job, _table(match))
    sentence = f"take over {', '.join(named)}"
    based_on = Seen(on_disk)
    return [Edit(file, text.encode(), ChangeKind.EDIT_CONFIG, sentence, based_on=based_on)]


def _own_app_id(project: Project) -> str | None:
    """Return the id that the app's own Python client has, where it may stand in the settings."""
    tree = project.resolver().tree
    for file in sorted(tree.files):
        match = _CLIENT.search(tree.read(file)) if file.endswith(".py") else None
        if match is not None and slug(match[1]) == match[1]:
            return match[1]
    return None


def _table(match: Match) -> dict[str, Any]:
    """Return the settings of a job: its entry, its function, and the ticks where they are others."""
    function, entry = match.function, match.past.entry
    zone = {"timezone": entry.timezone} if entry.timezone != "UTC" else {}
    return {
        "path": entry.path,
        "vercel_schedule": entry.schedule,
        **({} if match.has_the_ticks else {"schedule": match.schedule.trigger}),
        "function": {"id": function.id, "file": function.location.file},
        "moved": {
            "path": entry.path,
            "schedule": entry.schedule,
            **zone,
            "commit": match.past.commit,
        },
    }


def _ownership(project: Project, named: Mapping[str, Match], operation: str) -> list[Edit]:
    """Return the edit by which the ticks are Inngest's since the entries went."""
    on_disk = content(inside(project.root, OWNERSHIP_NAME))
    ownership = ownership_of(on_disk)
    epochs = {
        job: (Epoch(match.past.gone, _WHOLE, operation),)
        for job, match in named.items()
        if job not in ownership.jobs
    }
    text = dump_ownership(ownership.with_jobs({**ownership.jobs, **epochs}))
    sentence = "; ".join(f"{job}: 100 %" for job in epochs)
    based_on = Seen(on_disk)
    return [Edit(OWNERSHIP_NAME, text.encode(), ChangeKind.ADD_EPOCH, sentence, based_on=based_on)]

"""ACCEPT: findings that the user knows and moves a job with all the same.

What is accepted becomes a suppression in cronshift.toml, with its reason, beside the target that was
chosen, so that whatever is generated later follows from the same files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.operations import ChangeKind, Edit, Seen
from cronshift.plan.findings import rule_of
from cronshift.project.settings import Suppression, parse_settings
from cronshift.project.settings_edit import add_suppression, editable_settings, set_project

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from cronshift.model import Finding, Plan
    from cronshift.project import Project
    from cronshift.project.settings import Settings


class Acceptance(Struct, frozen=True):
    """One ``--accept``: a finding's code, and the one job it is accepted of."""

    code: str
    job: str | None = None

    def __str__(self) -> str:
        return f"{self.code}:{self.job}" if self.job else self.code

    def covers(self, finding: Finding) -> bool:
        """Return whether it is about a finding."""
        return self.code == finding.code and self.job in {None, finding.job}


def read_acceptance(text: str) -> Acceptance:
    """Return the acceptance in ``CODE`` or ``CODE:JOB``; the finding's name does for its code.

    Raises:
        CronshiftError: for a finding that there is none of, with those that are close.
    """
    name, _, job = text.partition(":")
    return Acceptance(rule_of(name).code, job or None)


def accepted_of(
    plan: Plan, acceptances: Iterable[Acceptance], jobs: Collection[str], now: datetime
) -> tuple[Suppression, ...]:
    """Return the suppressions that acceptances are of a plan: one a finding's code and job.

    Args:
        plan: with the findings still shown.
        acceptances: what the user said.
        jobs: those asked for; a code alone is about no others.
        now: the day that the reason names.
    """
    reason = f"accepted with cronshift migrate --accept, {now:%Y-%m-%d}"
    pairs = {
        (finding.code, finding.job)
        for acceptance in acceptances
        for finding in plan.findings
        if acceptance.covers(finding)
        and (finding.job is None or finding.job in {*jobs, acceptance.job})
    }
    ordered = sorted(pairs, key=lambda pair: (pair[0], pair[1] or ""))
    return tuple(Suppression(code, reason, job) for code, job in ordered)


def remember(
    project: Project,
    suppressions: Iterable[Suppression],
    chosen: Mapping[str, str | list[str]],
    edited: Edit | None = None,
) -> tuple[Edit, Settings]:
    """Return the edit of cronshift.toml that keeps the acceptances, and the settings it gives.

    Args:
        project: with the settings of the file that is edited.
        suppressions: what is accepted.
        chosen: what ``[project]`` is to say.
        edited: an edit of the same file, which this one takes in.

    Raises:
        RefusedError: if the settings were read from outside the project.
    """
    by_hand = "Write the target, or the [[suppress]], into it by hand."
    file, on_disk = editable_settings(project, "what you asked for", by_hand)
    text = ((edited.after if edited else on_disk) or b"").decode()
    words = [f"{key} = {value}" for key, value in chosen.items()]
    if chosen:
        text = set_project(text, chosen)
    for suppression in suppressions:
        text = add_suppression(text, suppression.code, suppression.job, suppression.reason)
        words.append(
            f"accept {suppression.code} of {suppression.job}"
            if suppression.job
            else f"accept {suppression.code}"
        )
    edit = Edit(
        file, text.encode(), ChangeKind.EDIT_CONFIG, ", ".join(words), based_on=Seen(on_disk)
    )
    return edit, parse_settings(text, file)

"""Roll out: the operation that plans by which stages jobs go, and the one that ends such a plan."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import CronshiftError
from cronshift.moving.cutover import guard_routes, prepare_cutover
from cronshift.moving.pointing import dispatch
from cronshift.operations import Edit, Intent, Operation, Seen, build_operation, new_operation_id
from cronshift.operations.files import content, inside
from cronshift.project.ownership_file import read_ownership
from cronshift.project.rollouts_file import ROLLOUTS_NAME, Rollout, dump_rollouts, rollouts_of
from cronshift.readiness.checking import Decisions

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from cronshift.project import Project
    from cronshift.readiness.fact import Fact

_NONE = Decisions()
_MOST = 100  # percent


class PlannedRollout(Struct, frozen=True):
    """The plan of ``cutover --stages``.

    Attributes:
        jobs: those that are to go by the stages.
        done: those whose share is that of the last stage already.
        facts: what the first step depends on, and what is known of it.
    """

    jobs: tuple[str, ...]
    done: tuple[str, ...]
    operation: Operation
    facts: tuple[Fact, ...] = ()
    advice: tuple[str, ...] = ()


def read_stages(text: str) -> tuple[int, ...]:
    """Return the percentages of ``10,50,100``.

    Raises:
        CronshiftError: if they are none, or do not grow.
    """
    parts = [part.strip() for part in text.split(",")]
    stages = tuple(int(part) for part in parts if part.isascii() and part.isdigit())
    grow = all(earlier < later for earlier, later in pairwise(stages))
    if len(stages) != len(parts) or not grow or stages[0] < 1 or stages[-1] > _MOST:
        raise CronshiftError(
            f"{text!r} are no stages: they are percentages from 1 to 100 that grow.",
            reason="usage",
            hint="Write --stages 10,50,100",
        )
    return stages


def prepare_rollout(  # noqa: PLR0913 - each is an option of the command
    project: Project,
    jobs: Collection[str],
    now: datetime,
    *,
    stages: Sequence[int],
    auto: int | None = None,
    decisions: Decisions = _NONE,
) -> PlannedRollout:
    """Return the operation that plans a rollout; no tick changes its owner by it.

    Entries ask their guards from then on, so that both sides bear witness of the ticks before the first stage.

    Args:
        project: the project.
        jobs: their ids; all that can move when empty.
        now: the present instant.
        stages: the percentages, growing.
        auto: up to which percentage it goes on by itself; ``None`` for not at all.
        decisions: what the user takes upon himself, at every stage.

    Raises:
        RefusedError: if a step depends on what is known bad, or a job cannot have such a share.
        CronshiftError: for a job that is unknown, blocked, or not generated yet.
    """
    # The last step and the first are tried: what refuses a cutover refuses the plan of one.
    whole = prepare_cutover(project, jobs, now, percent=stages[-1], decisions=decisions)
    going = [*whole.epochs]
    shares = read_ownership(project.root).jobs
    first = {
        job: next(
            stage for stage in stages if stage > (shares[job][-1].percent if job in shares else 0)
        )
        for job in going
    }
    for percent in sorted(set(first.values()) - {stages[-1]}):
        those = [job for job in going if first[job] == percent]
        prepare_cutover(project, those, now, percent=percent, decisions=decisions)
    operation_id = new_operation_id(now)
    plan = Rollout(
        stages=tuple(stages),
        begun=now,
        operation=operation_id,
        auto=auto,
        assume=tuple(sorted(decisions.assume)),
        despite=tuple(sorted(decisions.despite)),
        because=decisions.because,
    )
    on_disk = content(inside(project.root, ROLLOUTS_NAME))
    after = rollouts_of(on_disk).with_jobs(dict.fromkeys(going, plan))
    words = f"{', '.join(going)}: {', '.join(map(str, stages))} %"
    edit = Edit(ROLLOUTS_NAME, dump_rollouts(after), summary=words, based_on=Seen(on_disk))
    routed = guard_routes(whole.plan, [job for job in whole.plan.jobs if job.id in going])
    edits = [edit, *dispatch(project, routed)] if going else []
    by_itself = "" if auto is None else f" --auto-to {auto}"
    operation = build_operation(
        project.root,
        f"cutover {' '.join(going)} --stages {','.join(map(str, stages))}{by_itself}"
        f" {decisions.in_words(whole.facts)}".strip(),
        edits,
        now,
        intent=Intent.CUTOVER,
        jobs=tuple(going),
        operation_id=operation_id,
    )
    return PlannedRollout(tuple(going), whole.done, operation, whole.facts, whole.advice)

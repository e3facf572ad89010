"""Flows: the operations that give a share of a flow's users to its new path, and take it back."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import CronshiftError, RefusedError
from cronshift.moving.epochs import DEPLOY, Lead, shared_anew, summary
from cronshift.moving.evidence.flows import FlowCourse, SessionRecord, SessionState, judge_flow
from cronshift.moving.evidence.judging import STAGES
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
from cronshift.project.ownership_file import ownership_of
from cronshift.project.rollouts_file import (
    ROLLOUTS_NAME,
    Rollout,
    dump_rollouts,
    ended_flow,
    read_rollouts,
    rollouts_of,
)
from cronshift.runtime.ownership import (
    OWNERSHIP_NAME,
    Epoch,
    Ownership,
    dump_ownership,
    epoch_at,
    tick_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from cronshift.moving.evidence.verdict import Judgement
    from cronshift.project import Project
    from cronshift.sessions.settings import SessionSettings


class FlowChange(Struct, frozen=True):
    """The change of ``cutover --flow`` or ``rollback --flow``.

    Attributes:
        percent: of its users, Inngest's from the start on.
        start: from when on; ``None`` where it is so already.
    """

    flow: str
    percent: int
    start: datetime | None
    operation: Operation


class PlannedFlow(Struct, frozen=True):
    """The plan of ``cutover --flow --stages``.

    Attributes:
        is_done: whether its share is that of the last stage already.
    """

    flow: str
    is_done: bool
    operation: Operation


def prepare_flow_cutover(  # noqa: PLR0913 - each is an option of the command
    project: Project,
    flow: str,
    now: datetime,
    *,
    percent: int,
    at: datetime | None = None,
    deploy: timedelta = DEPLOY,
) -> FlowChange:
    """Return the operation that gives ``percent`` of a flow's users to Inngest.

    A growing percentage only ever moves users one way; a session stays where it began.

    Args:
        project: the project.
        flow: its name, as in the ownership file and in [sessions].
        now: the present instant.
        percent: 0 to 100.
        at: when it starts; by default as soon as every instance of the app can hold the file.
        deploy: how long that takes.

    Raises:
        RefusedError: if an epoch is still to come, or it would start too early.
        CronshiftError: for a flow that there is not.
    """
    lead = Lead(now, deploy)
    if at is not None and now > lead.write_by(at):
        raise RefusedError(
            f"{tick_text(at)} is before the app can hold the new file ({tick_text(lead.ready)}).",
            reason="too-early",
            hint=f"Choose --at {tick_text(lead.ready)} or later, or a shorter --deploy-minutes.",
        )
    ownership, before = _ownership(project, flow)
    epochs = ownership.flows.get(flow, ())
    if (epochs[-1].percent if epochs else 0) == percent:
        return _change(project, flow, percent, lead, ownership, before, epochs)
    if epochs and epochs[-1].effective_at > now:
        raise RefusedError(
            f"An epoch of {flow} is still to come: {summary(flow, epochs)}.",
            reason="epoch-pending",
            hint=f"Wait for it, or take it back: cronshift rollback --flow {flow}",
        )
    grown = (*epochs, Epoch(at or lead.ready, percent, new_operation_id(now)))
    return _change(project, flow, percent, lead, ownership, before, grown)


def prepare_flow_rollout(
    project: Project,
    flow: str,
    now: datetime,
    *,
    stages: Sequence[int],
    auto: int | None = None,
) -> PlannedFlow:
    """Return the operation that plans by which stages a flow's users go; no share changes by it.

    Args:
        project: the project.
        flow: its name.
        now: the present instant.
        stages: the percentages, growing.
        auto: up to which percentage it goes on by itself; ``None`` for not at all.

    Raises:
        CronshiftError: for a flow that there is not.
    """
    ownership, _ = _ownership(project, flow)
    epochs = ownership.flows.get(flow, ())
    is_done = bool(epochs) and epochs[-1].percent >= stages[-1]
    operation_id = new_operation_id(now)
    plan = Rollout(tuple(stages), now, operation_id, auto)
    on_disk = content(inside(project.root, ROLLOUTS_NAME))
    after = dump_rollouts(rollouts_of(on_disk).with_flow(flow, plan))
    words = ",".join(map(str, stages))
    edit = Edit(ROLLOUTS_NAME, after, summary=f"{flow}: {words} %", based_on=Seen(on_disk))
    by_itself = "" if auto is None else f" --auto-to {auto}"
    operation = build_operation(
        project.root,
        f"cutover --flow {flow} --stages {words}{by_itself}",
        [] if is_done else [edit],
        now,
        intent=Intent.CUTOVER,
        operation_id=operation_id,
    )
    return PlannedFlow(flow, is_done, operation)


def prepare_flow_rollback(
    project: Project, flow: str, now: datetime, *, deploy: timedelta = DEPLOY
) -> FlowChange:
    """Return the operation that gives all users of a flow back to its old path.

    Raises:
        CronshiftError: for a flow that there is not.
    """
    lead = Lead(now, deploy)
    ownership, before = _ownership(project, flow)
    epochs = ownership.flows.get(flow, ())
    after = shared_anew(epochs, 0, lead.ready, new_operation_id(now), lead)
    ending = ended_flow(project.root, flow)
    return _change(project, flow, 0, lead, ownership, before, after, ending)


def judged_flow(project: Project, flow: str, now: datetime) -> Judgement:
    """Return the verdict on a flow, by what became of its sessions on both paths.

    Raises:
        CronshiftError: for a flow that there is not, or a database that cannot be read.
    """
    from cronshift.sessions import scripts
    from cronshift.sessions.paths import sessions_since

    epochs = _ownership(project, flow)[0].flows.get(flow, ())
    settings, thresholds = _settings(project), project.settings.rollout
    epoch = epoch_at(epochs, now)
    begins = epochs[-1].effective_at if epochs else now
    rollout = read_rollouts(project.root).flows.get(flow)
    course = FlowCourse(
        flow=flow,
        percent=epoch.percent if epoch else 0,
        since=epoch.effective_at if epoch else now,
        stages=rollout.stages if rollout else STAGES,
        obstacle=f"Its next share begins at {tick_text(begins)}." if begins > now else "",
    )
    with closing(scripts.open_database(settings)) as database, scripts.telling_errors(settings):
        rows = sessions_since(database, now - thresholds.baseline)
    sessions = (
        SessionRecord(
            row.created,
            row.is_new,
            _state(settings, row.label, now - row.created),
            row.waited,
            row.is_refunded,
        )
        for row in rows
    )
    return judge_flow(course, sessions, thresholds, now)


def _state(settings: SessionSettings, label: str, age: timedelta) -> SessionState:
    """Return the fate of a session with a label, asked for so long ago."""
    if label == settings.finished:
        return SessionState.FINISHED
    if label == settings.failed:
        return SessionState.FAILED
    most = settings.queued_timeout
    if label != settings.queued:
        most += settings.processing_timeout
    return SessionState.OVERDUE if age > most else SessionState.OPEN


def _settings(project: Project) -> SessionSettings:
    settings = project.settings.sessions
    if settings is None:
        raise CronshiftError(
            "cronshift.toml has no [sessions], so there is no flow.",
            reason="no-sessions",
            hint="cronshift sessions scaffold writes one.",
        )
    return settings


def _ownership(project: Project, flow: str) -> tuple[Ownership, bytes | None]:
    """Return the ownership and its file's bytes, for a flow that there is."""
    before = content(inside(project.root, OWNERSHIP_NAME))
    ownership = ownership_of(before)
    if flow in ownership.flows or flow == _settings(project).flow:
        return ownership, before
    flows = sorted({*ownership.flows, _settings(project).flow} - {""})
    raise CronshiftError(
        f"There is no flow {flow!r}.",
        reason="no-such-flow",
        hint=f"There is: {', '.join(flows)}."
        if flows
        else 'Name it as the app does, in [sessions]: flow = "…"',
    )


def _change(  # noqa: PLR0913, PLR0917 - what both ways share
    project: Project,
    flow: str,
    percent: int,
    lead: Lead,
    ownership: Ownership,
    before: bytes | None,
    epochs: tuple[Epoch, ...],
    beside: Sequence[Edit] = (),
) -> FlowChange:
    """Return the change to these epochs; none where the flow has them already."""
    is_so = epochs == ownership.flows.get(flow, ())
    start = None if is_so else epochs[-1].effective_at if epochs else lead.ready
    flows = {name: kept for name, kept in {**ownership.flows, flow: epochs}.items() if kept}
    edit = Edit(
        OWNERSHIP_NAME,
        dump_ownership(Ownership(ownership.jobs, flows)).encode(),
        ChangeKind.ADD_EPOCH,
        summary(flow, epochs),
        based_on=Seen(before),
    )
    verb = f"cutover --flow {flow} --percent {percent}" if percent else f"rollback --flow {flow}"
    operation = build_operation(
        project.root,
        verb,
        [*([] if is_so else [edit]), *beside],
        lead.now,
        intent=Intent.CUTOVER if percent else Intent.ROLLBACK,
        operation_id=epochs[-1].operation if epochs and not is_so else None,
        allow_dirty=not percent,  # a way back must be open whatever is uncommitted
        write_by=lead.write_by(start) if start else None,
    )
    return FlowChange(flow, percent, start, operation)

"""A flow in place of jobs: what ``cutover`` and ``rollback`` do with ``--flow``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import Confirmation, carry_out, carry_out_in_time
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.commands.invocation import Invocation
    from cronshift.moving.flows import FlowChange

Flow = Annotated[
    str | None, typer.Option("--flow", metavar="NAME", help="A flow of sessions, by its users.")
]


def change_flow(
    invocation: Invocation, plan: Callable[[], FlowChange], confirmation: Confirmation
) -> ExitCode:
    """Show the change of a flow's share, ask, and have it carried out."""
    from cronshift.runtime.ownership import tick_text

    console = invocation.console

    def shown() -> FlowChange:
        change = plan()
        if change.start is None:
            console.say(f"{change.flow} is there already; nothing to do.")
        else:
            begins = tick_text(change.start)
            console.say(
                f"{change.flow}: {change.percent} % of its users to Inngest from {begins} on"
            )
        return change

    change, carried = carry_out_in_time(invocation, shown, confirmation)
    if carried.applied and change.start is not None:
        console.say(
            f"Commit and deploy the app before {tick_text(change.start)}. A session stays on the path"
            " on which it began; cronshift sessions orphans lists those that nobody takes up.",
            style="bold",
        )
    if invocation.json:
        done = [] if change.start else [change.flow]
        console.document(carried.to_json() | {"done": done})
    return carried.code


def plan_flow(
    invocation: Invocation, flow: str, stages: str, auto: int | None, confirmation: Confirmation
) -> ExitCode:
    """Write by which stages a flow's users go; no share changes yet."""
    from cronshift.moving.flows import prepare_flow_rollout
    from cronshift.moving.rollout import read_stages

    console = invocation.console
    prepared = prepare_flow_rollout(
        invocation.project, flow, datetime.now(UTC), stages=read_stages(stages), auto=auto
    )
    if prepared.is_done:
        console.say(f"{flow} is there already; nothing to do.")
    carried = carry_out(invocation, prepared.operation, confirmation)
    if carried.applied and not prepared.is_done:
        console.say("No share changes yet. Next: cronshift advance", style="bold")
    if invocation.json:
        console.document(carried.to_json() | {"done": [flow] if prepared.is_done else []})
    return carried.code


def refuse_jobs_of_flow(*others: object) -> None:
    """Make sure that nothing of jobs is said beside a flow.

    Raises:
        CronshiftError: if something is.
    """
    if any(others):
        raise CronshiftError(
            "A flow has users and no ticks: --flow takes no jobs, and nothing that is about them.",
            reason="usage",
            hint="cronshift cutover --flow NAME --percent 10",
        )

"""``cronshift compare``: both sides' own ticks beside each other, and what that allows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.commands.carrying_out import Jobs  # noqa: TC001 - read at run time
from cronshift.commands.of_flow import Flow, refuse_jobs_of_flow
from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cronshift.commands.invocation import Invocation
    from cronshift.moving.evidence.verdict import Judgement


def compare(context: typer.Context, jobs: Jobs = None, flow: Flow = None) -> ExitCode:
    """Compare both sides' own ticks, and say whether a job may go on, waits, or goes back.

    Reads the ledger (CRONSHIFT_LEDGER_URL) that the guard and the functions keep. Misses and lateness
    are judged of all jobs together, failures job by job; attempts, durations and results are told.
    Inngest has to be as good as Vercel was at the same hours and weekdays, tick by tick, until the
    evidence is enough: promote, or roll back. Before that it is inconclusive, and how many more ticks
    and days it takes is told; hold is where something else is in the way. What is enough stands
    under [rollout] in cronshift.toml.

    A job of few ticks skips the percentages: once Inngest was seen at its ticks it becomes whole, and
    goes back at the first failure.

    With --flow the sessions of a flow's new path are compared with those of its old one, in the
    database of [sessions]: those that failed or went on for too long (failures), waited in the queue
    (lateness), and were refunded (refunds).

    Exits 0 when each job that was asked about may go on, and 1 when one may not, or not yet.

    Examples:
      cronshift compare
      cronshift compare --flow prediction-session
      cronshift compare prediction-check --json | jq -r '.jobs[0].verdict'
    """
    from cronshift.moving.advance import judged
    from cronshift.moving.evidence.verdict import Decision
    from cronshift.moving.flows import judged_flow
    from cronshift.output.evidence_text import metrics_table, verdicts_text

    invocation: Invocation = context.obj
    now = datetime.now(UTC)
    if flow is not None:
        refuse_jobs_of_flow(jobs)
        judgements = [judged_flow(invocation.project, flow, now)]
    else:
        judgements = chosen(judged(invocation.project, now), jobs or ())
    if invocation.json:
        invocation.console.document({"jobs": [judgement.to_json() for judgement in judgements]})
    else:
        if judgements:
            invocation.console.result(metrics_table(judgements))
        invocation.console.result(verdicts_text(judgements))
    may_go_on = all(judgement.decision is Decision.PROMOTE for judgement in judgements)
    return ExitCode.OK if may_go_on and judgements else ExitCode.NOT_WELL


def chosen(judgements: Mapping[str, Judgement], jobs: Collection[str]) -> list[Judgement]:
    """Return the verdicts on these jobs; on all where none is named.

    Raises:
        CronshiftError: for a job that has no function, or that there is not.
    """
    from cronshift.plan.job_ids import unknown_job

    for job in jobs:
        if job not in judgements:
            raise unknown_job(job, [*judgements])
    return [judgement for job, judgement in judgements.items() if job in jobs or not jobs]

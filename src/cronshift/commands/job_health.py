"""The jobs' health, as ``status`` shows it once or again and again."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from cronshift.errors import CronshiftError
from cronshift.runtime.wire import LEDGER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from cronshift.commands.invocation import Invocation
    from cronshift.model import Plan
    from cronshift.moving.next_step import NextStep
    from cronshift.moving.status import JobStatus
    from cronshift.observing.health import Health
    from cronshift.observing.spending import Spending

_EVERY = 5  # seconds


def read_health(invocation: Invocation, plan: Plan, now: datetime) -> Health:
    """Return the health of the plan's jobs; nothing more is loaded where no ledger can be read."""
    from cronshift.observing.health import Health
    from cronshift.observing.ledger_database import why_unreadable

    if why := why_unreadable(os.environ.get(LEDGER_VARIABLE, "")):
        return Health({}, why)
    import asyncio

    from cronshift.observing.gathering import TickQuery
    from cronshift.observing.health import ask_health
    from cronshift.project.ownership_file import read_ownership

    ownership = read_ownership(invocation.root)
    query = TickQuery(plan.app_id, plan.runnable, ownership, now, now)
    return asyncio.run(ask_health(query, os.environ, now))


def tell_health(invocation: Invocation, health: Health) -> None:
    """Print how the jobs have been doing, or why that is not known."""
    from cronshift.output.health_text import LEGEND, health_table

    console = invocation.console
    if health.problem:
        console.say(f"How the last ticks went is not known: {health.problem}")
    elif health.jobs:
        console.result(health_table(health))
        console.say(f"  {LEGEND}")


def steps_for_wrong(health: Health, jobs: Iterable[JobStatus]) -> Iterator[tuple[NextStep, ...]]:
    """Yield for each job that is not well the steps that show it and, where it goes on, those that stop it."""
    from cronshift.moving.next_step import NextStep
    from cronshift.observing.fates import Fate
    from cronshift.readiness.fact import Knowledge

    for row in jobs:
        job = health.jobs.get(row.job)
        if job is None or job.answer is not Knowledge.BAD:
            continue
        has_failed = any(tick.fate is Fate.FAILED for tick in job.ticks)
        look = f"runs list {row.job} --status failed" if has_failed else f"ticks list {row.job}"
        if job.is_over:
            yield (NextStep(f"cronshift {look}", f"{row.job} went wrong, and has gone well since"),)
            continue
        back = [NextStep(f"cronshift rollback {row.job}", "gives its ticks back to Vercel")]
        stop = NextStep(f"cronshift pause {row.job}", "stops it on both sides")
        why = f"{row.job} is not well"
        yield NextStep(f"cronshift {look}", why), *(back if row.percent else ()), stop


def tell_wrong(invocation: Invocation, health: Health, jobs: Iterable[JobStatus]) -> None:
    """Print for each job that is not well where to look, and what stops it."""
    for look, *stops in steps_for_wrong(health, jobs):
        then = f", then {' or '.join(step.command for step in stops)}" if stops else ""
        invocation.console.say(f"{look.why}. Next: {look.command}{then}", style="bold")


def tell_spending(invocation: Invocation, spending: Spending) -> None:
    """Print what this month has cost so far, where somebody has counted it."""
    from cronshift.output.health_text import spending_text

    if spending.executions is not None:
        invocation.console.say(spending_text(spending))


def watch(invocation: Invocation, plan: Plan) -> NoReturn:
    """Draw owners, next ticks and the last ticks again every few seconds, until Ctrl-C.

    Raises:
        CronshiftError: where there is no terminal to draw on.
    """
    from rich.live import Live

    console = invocation.console
    if invocation.json or not console.out.is_terminal:
        raise CronshiftError(
            "--watch redraws a terminal, and there is none.",
            reason="usage",
            hint="Ask again as often as you like: cronshift status --json",
        )
    with Live(console=console.out, auto_refresh=False, screen=False) as live:
        while True:
            live.update(_picture(invocation, plan), refresh=True)
            time.sleep(_EVERY)


def _picture(invocation: Invocation, plan: Plan) -> RenderableType:
    from rich.console import Group

    from cronshift.moving.status import read_status
    from cronshift.output.health_text import LEGEND, health_table
    from cronshift.output.text import status_table

    now = datetime.now(UTC)
    health = read_health(invocation, plan, now)
    last = f"not known: {health.problem}" if health.problem else health_table(health)
    where = read_status(invocation.project, now, plan)
    return Group(status_table(where.jobs), last, f"{now:%H:%M:%S} UTC  {LEGEND}")

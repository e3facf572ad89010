"""The executions of this month so far, counted by the ledger, against the forecast and the plans."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import CronshiftError
from cronshift.observing.ledger_database import database_url, told_by_database
from cronshift.plan import forecast
from cronshift.runtime.ledger import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cronshift.model import Job
    from cronshift.runtime.store.ledger import RunCount

_OTHERS = {
    Role.STOOD_BY: 2,  # the run, and the step in which it sees that the tick is another's
    Role.REHEARSED: 4,  # with the dry run, and the wait before it
}


class Spending(Struct, frozen=True):
    """The executions of a month.

    Attributes:
        since: the first instant of the month, UTC.
        month: how long the month is, in days.
        elapsed: how much of it is over, in days.
        executions: so far, of runs and their steps; ``None`` where nobody has counted them.
        failures: of those, what the functions added that heard of failures and cancelled runs.
        retries: attempts behind the first, which are told apart.
        forecast: of the whole month, were every tick Inngest's.
        problem: why nobody has counted them.
    """

    since: datetime
    month: int
    elapsed: float
    forecast: int
    executions: int | None = None
    failures: int = 0
    retries: int = 0
    problem: str = ""

    @property
    def projected(self) -> int | None:
        """The executions of the whole month, if it goes on as so far."""
        if self.executions is None or not self.elapsed:
            return None
        return round(self.executions / self.elapsed * self.month)

    def to_json(self) -> dict[str, Any]:
        """Return the part of a document."""
        projected = self.projected
        return {
            "since": self.since.isoformat(),
            "executions": self.executions,
            "failures": self.failures,
            "retries": self.retries,
            "projected": projected,
            "forecast": self.forecast,
            "plans": [
                {
                    "name": allowance.name,
                    "executions": allowance.executions,
                    "fits": None if projected is None else projected <= allowance.executions,
                }
                for allowance in forecast.allowances()
            ],
        }


def read_spending(jobs: Sequence[Job], environ: Mapping[str, str], now: datetime) -> Spending:
    """Return the jobs' cost of this month, as far as the ledger's database has counted it."""
    since = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    until = since.replace(year=since.year + since.month // 12, month=since.month % 12 + 1)
    month = until - since
    spending = Spending(
        since,
        month.days,
        (now - since).total_seconds() / 86_400,
        sum(forecast.executions(job, since, month) for job in jobs),
    )
    try:
        url = database_url(environ)
        from cronshift.runtime.store.ledger import count_runs

        with told_by_database():
            counts = count_runs(url, since, until)
    except CronshiftError as error:
        return replace(spending, problem=error.message)
    return counted(spending, jobs, counts)


def counted(spending: Spending, jobs: Sequence[Job], counts: Sequence[RunCount]) -> Spending:
    """Return the spending by the runs that were counted."""
    steps = {job.id: forecast.steps(job) for job in jobs}
    runs = sum(
        count.runs * _OTHERS.get(count.role, 1 + steps[count.job])
        for count in counts
        if count.job in steps
    )
    failures = forecast.DEATH * sum(count.dead for count in counts if count.job in steps)
    retries = sum(count.retries for count in counts if count.job in steps)
    return replace(spending, executions=runs + failures, failures=failures, retries=retries)

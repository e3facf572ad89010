"""Facts that neither side shows alone: the clocks, the databases, the plans' allowances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.operations.services.api import ApiError
from cronshift.plan import forecast
from cronshift.project.counting import counted
from cronshift.readiness.doctor.kinds import CLOCK, DATABASE, LIMITS
from cronshift.readiness.fact import Knowledge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.readiness.doctor.asking import Asking
    from cronshift.readiness.doctor.database_sight import DatabaseSight
    from cronshift.readiness.doctor.endpoint_sight import GateSight
    from cronshift.readiness.doctor.inngest_sight import InngestSight
    from cronshift.readiness.doctor.vercel_sight import VercelSight
    from cronshift.readiness.fact import Fact

_TOO_FAR = 60.0  # seconds: a tick is a minute; signatures hold for five
_ENTRIES = 100  # of one project, on every plan (Vercel's usage page)


def clock_facts(
    asking: Asking,
    gate: GateSight | None,
    inngest: InngestSight,
    vercel: VercelSight | ApiError | None,
) -> Iterator[Fact]:
    """Yield whether the clocks of this machine and of the others agree."""
    skews = {
        "the endpoint": gate.skew if gate is not None else None,
        "Inngest": inngest.skew,
        "Vercel": vercel.skew if vercel is not None and not isinstance(vercel, ApiError) else None,
    }
    ahead = {name: skew for name, skew in skews.items() if skew is not None}
    evidence = "the Date of their answers"
    if not ahead:
        yield asking.unknown(CLOCK, "Nobody tells the time.", evidence)
        return
    off = {name: skew for name, skew in ahead.items() if abs(skew) > _TOO_FAR}
    if not off:
        yield asking.good(CLOCK, f"This machine's clock is that of {_and(ahead)}.", evidence)
        return
    name, skew = next(iter(off.items()))
    seconds = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'}"
    if len(off) == len(ahead) and len(ahead) > 1:
        text = f"{_and(ahead).capitalize()} are {seconds} this machine: its clock is wrong."
        remedy = (
            "Set this machine's clock (NTP): what it signs is refused, and its ticks are others."
        )
    else:
        text = f"The clock of {name} is {seconds} this machine's."
        remedy = f"Set the clock where {name} runs (NTP), or this machine's."
    yield asking.bad(CLOCK, text, evidence, remedy)


def _and(names: Mapping[str, float]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def database_facts(asking: Asking, sights: tuple[DatabaseSight, ...]) -> Iterator[Fact]:
    """Yield the facts of the databases."""
    for sight in sights:
        evidence = sight.variable
        if sight.answer is Knowledge.GOOD:
            yield asking.good(DATABASE, sight.sentence, evidence)
        elif sight.answer is Knowledge.BAD:
            remedy = sight.remedy or f"Correct {sight.variable}."
            yield asking.bad(DATABASE, sight.sentence, evidence, remedy)
        else:
            yield asking.unknown(DATABASE, sight.sentence, evidence, sight.remedy)


def limit_facts(asking: Asking) -> Iterator[Fact]:
    """Yield whether the jobs fit what the plans allow."""
    total = forecast.monthly(asking.plan.runnable)
    functions = forecast.functions(asking.plan)
    evidence, remedy = (
        "cronshift audit --forecast",
        f"cronshift link{asking.option} --inngest-plan NAME",
    )
    allowances = forecast.allowances()
    chosen = asking.environment.inngest_plan
    fitting = [
        allowance
        for allowance in allowances
        if total <= allowance.executions and functions <= allowance.functions
    ]
    needs = f"{counted(total, 'execution')} in 30 days and {counted(functions, 'function')}"
    if chosen is None and allowances[0] in fitting:
        yield asking.good(LIMITS, f"{needs} fit every plan of Inngest's.", evidence)
    elif chosen is None:
        smallest = fitting[0].name if fitting else "none"
        text = f"{needs} need Inngest's plan {smallest}; which one the account has is not told."
        yield asking.unknown(LIMITS, text, evidence, remedy)
    elif any(allowance.name.lower() == chosen for allowance in fitting):
        yield asking.good(LIMITS, f"{needs} fit Inngest's plan {chosen}.", evidence)
    else:
        text = f"{needs} are more than Inngest's plan {chosen} allows."
        larger = fitting[0].name if fitting else "a plan of your own"
        yield asking.bad(LIMITS, text, evidence, f"Move to {larger}, or let jobs run less often.")
    entries = sum(len(source.entries) for source in asking.project.sources)
    if entries > _ENTRIES:
        text = f"{entries} entries are more than the {_ENTRIES} that Vercel allows a project."
        yield asking.bad(LIMITS, text, asking.project.config_file, "Take some out.")

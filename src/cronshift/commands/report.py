"""``cronshift report``: the move on one page."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - read at run time
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.spans import Since, asked, collect, present
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from datetime import datetime

    from cronshift.commands.invocation import Invocation
    from cronshift.moving.report import MoveReport


def report(
    context: typer.Context,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the page into this file.")
    ] = None,
    since: Since = "30d",
) -> ExitCode:
    """Tell how the move goes: every tick of a span, before and after, the plan's aims with evidence.

    Asks whom the variables name: the ledger (CRONSHIFT_LEDGER_URL), Inngest (INNGEST_SIGNING_KEY),
    Vercel's log (VERCEL_TOKEN); of what nobody told it says "not known". The page is one file without
    scripts and without anything from elsewhere.

    Exits 1 when a tick was missed, doubled or failed.

    Examples:
      cronshift report
      cronshift report --html move.html --since 7d
    """
    from cronshift.observing.fates import Fate

    invocation: Invocation = context.obj
    console, now = invocation.console, present()
    made = _made(invocation, since, now)
    if html is not None:
        from cronshift.operations.files import write_named
        from cronshift.output.report_page import report_page

        try:
            write_named(invocation.root, html, report_page(made, now).encode())
        except OSError as error:
            raise CronshiftError(
                f"{html} cannot be written: {error.strerror}.",
                reason="not-writable",
                where=str(html),
            ) from None
        console.say(f"Wrote {html}.")
    if invocation.json:
        console.document(made.to_json())
    else:
        console.result(made.sentence)
        for aim in made.aims:
            console.result(f"  {aim.answer.value:<10} {aim.name}: {aim.evidence}")
        for source in made.sources:
            if source.problem:
                console.say(f"{source.name.value}: {source.problem}")
    wrong = {Fate.MISSED, Fate.DOUBLED, Fate.FAILED}
    is_bad = any(fate.fate in wrong for lane in made.lanes for fate in lane.fates)
    return ExitCode.NOT_WELL if is_bad else ExitCode.OK


def page_of(invocation: Invocation) -> str:
    """Return the page of the last 30 days as it is now."""
    from cronshift.output.report_page import report_page

    now = present()
    return report_page(_made(invocation, "30d", now), now)


def _made(invocation: Invocation, since: str, now: datetime) -> MoveReport:
    from cronshift.moving.report import make_report
    from cronshift.observing.gathering import fates
    from cronshift.plan.planning import make_plan

    query = asked(invocation, (), since, None, now)
    evidence = collect(query)
    became = tuple(fates(query, evidence, now))
    project, span = invocation.project, (query.since, query.until)
    plan = make_plan(project)
    return make_report(project, plan, query.ownership, evidence, became, span, now)

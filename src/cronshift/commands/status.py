"""``cronshift status``: where the move stands."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.live import Holding, Mishap


def status(
    context: typer.Context,
    live: Annotated[
        bool, typer.Option("--live", help="Ask both sides which ownership file they hold.")
    ] = False,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the app answers, for --live.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="CRONSHIFT_ENDPOINT",
            help="Where the functions are served, for --live.",
        ),
    ] = None,
) -> ExitCode:
    """Show who owns each job now, what changes next, and who gets the next tick.

    With --live both sides are asked which ownership file they hold: they tell who knows
    CRON_SECRET. Ticks that both of them ran, or neither, are listed one by one.

    Every fact that a move depends on is listed where it is not known good: the same facts that cutover
    refuses on and asks about.

    Exits 1 when the ownership file, the generated modules, the entries and what is deployed do not
    fit together, or a job that is on its way depends on what is known bad.

    Examples:
      cronshift status
      cronshift status --live --base-url https://app.example.com --endpoint https://app.example.com/api/inngest
    """
    from cronshift.moving.status import read_status
    from cronshift.output.text import facts_text, status_table
    from cronshift.readiness.fact import Answer

    invocation: Invocation = context.obj
    console, now = invocation.console, datetime.now(UTC)
    found = read_status(invocation.project, now)
    held, mishaps = _live(invocation, base_url, endpoint, now) if live else ([], [])
    if invocation.json:
        document: dict[str, Any] = {
            "jobs": [row.to_json() for row in found.jobs],
            "drift": list(found.drift),
            "facts": [fact.to_json() for fact in found.facts],
        }
        if live:
            document["live"] = [side.to_json() for side in held]
            document["ticks"] = [mishap.to_json() for mishap in mishaps]
        console.document(document)
    else:
        console.result(status_table(found.jobs))
        for sentence in found.drift:
            console.warn(sentence)
        if any(fact.answer is not Answer.GOOD for fact in found.facts):
            console.result(facts_text(found.facts))
        _tell(invocation, held, mishaps)
    well = (
        not found.drift
        and not found.pressing
        and not mishaps
        and all(side.current for side in held)
    )
    return ExitCode.OK if well else ExitCode.NOT_WELL


def _live(
    invocation: Invocation, base_url: str | None, endpoint: str | None, now: datetime
) -> tuple[list[Holding], list[Mishap]]:
    from cronshift.moving.late import late_mishaps
    from cronshift.moving.live import ask_both, known_files, since_change
    from cronshift.moving.status import guarded_path
    from cronshift.plan.planning import make_plan
    from cronshift.project.ownership_file import read_ownership

    plan = make_plan(invocation.project)
    app = base_url or os.environ.get(plan.bridge.base_url_env) or plan.bridge.base_url
    if not app or not endpoint:
        raise CronshiftError(
            "--live needs the app's address and the endpoint's.",
            reason="usage",
            hint=f"Add --base-url and --endpoint, or set {plan.bridge.base_url_env} and CRONSHIFT_ENDPOINT.",
        )
    asking = ask_both(
        invocation.project.root,
        app_url=app,
        path=guarded_path(invocation.project.root, plan),
        endpoint=endpoint,
        secret_env=plan.bridge.secret_env,
    )
    import asyncio

    vercel, inngest = asyncio.run(asking)
    if any(side.problem is None and side.ownership is None for side in (vercel, inngest)):
        return [vercel, inngest], []  # a file nobody here knows: what it says is not known
    root = invocation.project.root
    since = since_change(read_ownership(root), now)
    files = known_files(root)
    wrong = late_mishaps(plan.runnable, vercel, inngest, files, since=since, now=now)
    return [vercel, inngest], list(wrong)


def _tell(invocation: Invocation, held: list[Holding], mishaps: list[Mishap]) -> None:
    console = invocation.console
    for side in held:
        if side.current:
            console.result(f"{side.side}: holds this file ({side.digest}).")
        elif side.problem:
            console.warn(f"{side.side}: {side.problem}")
        else:
            age = "an older file of this project" if side.ownership else "a file unknown here"
            console.warn(f"{side.side}: holds {age} ({side.digest}); deploy the current one.")
        if side.staleness:
            console.warn(f"{side.side}: {side.staleness}")
    for mishap in mishaps:
        who = "both sides" if mishap.doubled else "neither side"
        perhaps = "" if mishap.certain else "perhaps "
        tick = f"{mishap.tick:%Y-%m-%d %H:%M} UTC"
        console.warn(f"{mishap.job}: {perhaps}{who} ran the tick of {tick}.")

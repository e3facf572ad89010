"""``cronshift status``: the state of the move."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from cronshift.commands.carrying_out import tell_next
from cronshift.commands.environments import (
    EnvironmentName,
    bypass_of,
    chosen,
    environment_of,
    is_named,
)
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.callable_endpoint import CallableEndpoint
    from cronshift.moving.live import Holding, Mishap
    from cronshift.project.environments import Environment


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
    env: EnvironmentName = None,
    watching: Annotated[
        bool, typer.Option("--watch", help="Draw it again every five seconds, until Ctrl-C.")
    ] = False,
) -> ExitCode:
    """Show who owns each job now, what changes next, who gets the next tick, and how the last went.

    The last ticks of each job, how many went well and how long they took are read from the ledger
    (CRONSHIFT_LEDGER_URL); where there is none that is not known.

    With --live both sides are asked which ownership file they hold: they tell who knows
    CRON_SECRET, which goes to addresses only that you have typed, set a variable to, or linked here
    (cronshift link). Ticks that both of them ran, or neither, are told a job; of a side that does not
    answer, is protected or knows another secret it is not known. The endpoint is asked for its keys, and
    Inngest whether it has the app (INNGEST_SIGNING_KEY, INNGEST_BASE_URL or INNGEST_DEV).

    Every fact that a move depends on is listed where it is not known good: the same facts that cutover
    refuses on and asks about.

    Exits 1 when one of the ticks that are shown was missed, doubled or failed, the ownership file, the
    generated modules, the entries and what is deployed do not fit together, a job that is on its way
    depends on what is known bad, or a side is not known to be well.

    Examples:
      cronshift status
      cronshift status --live --env staging
      cronshift status --watch
      cronshift status --live --base-url https://app.example.com --endpoint https://app.example.com/api/inngest
    """
    from cronshift.commands.job_health import (
        read_health,
        tell_health,
        tell_spending,
        tell_wrong,
        watch,
    )
    from cronshift.moving.status import read_status
    from cronshift.observing.spending import read_spending
    from cronshift.output.text import facts_text, status_table
    from cronshift.plan.planning import make_plan
    from cronshift.readiness.fact import Knowledge

    invocation: Invocation = context.obj
    console, now = invocation.console, datetime.now(UTC)
    plan = make_plan(invocation.project)
    if watching:
        watch(invocation, plan)
    where = read_status(invocation.project, now, plan)
    health = read_health(invocation, plan, now)
    spending = read_spending(plan.runnable, os.environ, now)
    deployed = None
    if live:
        environment = environment_of(invocation, env)
        addresses = Addresses(
            environment,
            base_url or (environment.app if env is not None else None),
            chosen(context, "endpoint", endpoint, env, environment.endpoint),
            (base_url, endpoint),
        )
        deployed = _ask(invocation, addresses, now)
    if invocation.json:
        document: dict[str, Any] = {
            "jobs": [row.to_json() | {"health": health.of(row.job)} for row in where.jobs],
            "spending": spending.to_json(),
            "drift": list(where.drift),
            "facts": [fact.to_json() for fact in where.facts],
            "flows": [flow.to_json() for flow in where.flows],
        }
        if deployed is not None:
            document["live"] = [side.to_json() for side in deployed.sides]
            document["endpoint"] = deployed.endpoint.to_json()
            document["ticks"] = [mishap.to_json() for mishap in deployed.mishaps]
        console.document(document)
    else:
        console.result(status_table(where.jobs))
        for flow in where.flows:
            console.result(flow.sentence)
        tell_health(invocation, health)
        tell_spending(invocation, spending)
        for sentence in where.drift:
            console.warn(sentence)
        if any(fact.answer is not Knowledge.GOOD for fact in where.facts):
            console.result(facts_text(where.facts))
        if deployed is not None:
            _tell(invocation, deployed)
        if health.is_bad:
            tell_wrong(invocation, health, where.jobs)
        else:
            tell_next(invocation, "status", plan=plan)
    is_well = deployed is None or deployed.is_well
    is_wrong = where.drift or where.pressing or health.is_bad
    return ExitCode.OK if is_well and not is_wrong else ExitCode.NOT_WELL


class Deployed(Struct, frozen=True):
    """The deployed state of the move, as far as both sides and Inngest tell."""

    sides: tuple[Holding, Holding]
    endpoint: CallableEndpoint
    mishaps: tuple[Mishap, ...]

    @property
    def is_well(self) -> bool:
        """True when both sides hold the current file, Inngest calls, and no tick went wrong."""
        is_current = all(side.current for side in self.sides)
        return is_current and self.endpoint.is_well and not self.mishaps


class Addresses(Struct, frozen=True):
    """The addresses that are to be asked.

    Attributes:
        environment: whose.
        app: where the app answers, where that was said.
        endpoint: where the functions are served.
        typed: what was said on the command line, or by a variable of it.
    """

    environment: Environment
    app: str | None
    endpoint: str | None
    typed: tuple[str | None, ...]


def _ask(invocation: Invocation, addresses: Addresses, now: datetime) -> Deployed:
    from cronshift.moving.callable_endpoint import ask_endpoint
    from cronshift.moving.late import late_mishaps
    from cronshift.moving.live import ask_both, known_files, since_change
    from cronshift.moving.status import guarded_path
    from cronshift.plan.planning import make_plan
    from cronshift.project.ownership_file import read_ownership
    from cronshift.runtime.ledger import Side

    root, plan = invocation.project.root, make_plan(invocation.project)
    variable = os.environ.get(plan.bridge.base_url_env)
    app = addresses.app or variable or plan.bridge.base_url or addresses.environment.app
    endpoint, typed = addresses.endpoint, (*addresses.typed, variable)
    if not app or not endpoint:
        raise CronshiftError(
            "--live needs the app's address and the endpoint's.",
            reason="usage",
            hint=f"Add --base-url and --endpoint, set {plan.bridge.base_url_env} and CRONSHIFT_ENDPOINT, or"
            " write them down: cronshift link",
        )
    sides = {
        Side.VERCEL: (app, plan.bridge.base_url_env),
        Side.INNGEST: (endpoint, "CRONSHIFT_ENDPOINT"),
    }
    asking = ask_both(
        root,
        app_url=app,
        path=guarded_path(root, plan),
        endpoint=endpoint,
        secret_env=plan.bridge.secret_env,
        unnamed={
            side: name
            for side, (address, name) in sides.items()
            if not is_named(invocation, addresses.environment, address, *typed)
        },
    )
    bypass = bypass_of(invocation, addresses.environment, endpoint, *typed)
    import asyncio

    vercel, inngest = asyncio.run(asking)
    called = asyncio.run(ask_endpoint(endpoint, plan.app_id, bypass=bypass))
    if not (vercel.is_known and inngest.is_known):
        return Deployed(
            (vercel, inngest), called, ()
        )  # what a side runs that does not say is not known
    since = since_change(read_ownership(root), now)
    files = known_files(root)
    wrong = late_mishaps(plan.runnable, vercel, inngest, files, since=since, now=now)
    return Deployed((vercel, inngest), called, tuple(wrong))


def _tell(invocation: Invocation, deployed: Deployed) -> None:
    from cronshift.moving.late import by_job
    from cronshift.moving.live import fell_back

    console = invocation.console
    for side in deployed.sides:
        if side.current:
            console.result(f"{side.side}: holds this file ({side.digest}).")
        elif side.problem:
            console.warn(f"{side.side}: {side.problem}")
        else:
            age = "an older file of this project" if side.ownership else "a file unknown here"
            console.warn(f"{side.side}: holds {age} ({side.digest}); deploy the current one.")
        if side.staleness:
            console.warn(f"{side.side}: {side.staleness}")
    sentence = fell_back(*deployed.sides)
    if sentence is not None:
        console.warn(sentence)
    endpoint = deployed.endpoint
    if endpoint.is_well:
        console.result(f"endpoint: {endpoint.sentence}")
    else:
        console.warn(f"endpoint: {endpoint.sentence}")
        if endpoint.remedy:
            console.warn(f"  → {endpoint.remedy}")
    for mishaps in by_job(deployed.mishaps):
        console.warn(mishaps.sentence)
    if not all(side.is_known for side in deployed.sides):
        console.warn(
            "Which ticks ran twice, or never, is not known as long as a side does not tell."
        )

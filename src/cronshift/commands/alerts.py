"""``cronshift alerts``: telling a webhook what is not well."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.commands.carrying_out import DryRun  # noqa: TC001 - read at run time
from cronshift.commands.environments import EnvironmentName, environment_of
from cronshift.commands.spans import present
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from datetime import datetime

    from cronshift.commands.invocation import Invocation
    from cronshift.model import Plan
    from cronshift.observing.alerting import Alert
    from cronshift.plan.forecast import Allowance
    from cronshift.project.environments import Environment


def alerts() -> None:
    """Tell a webhook what is not well, from outside: no job waits for it or fails for it.

    The webhook's address, as Slack gives one, stands in CRONSHIFT_ALERTS_URL; what is told, and from
    when on, under [alerts] in cronshift.toml. What is known comes from the ledger
    (CRONSHIFT_LEDGER_URL).

    Examples:
      cronshift alerts test
      cronshift alerts check
    """


def check(context: typer.Context, env: EnvironmentName = None, dry_run: DryRun = False) -> ExitCode:
    """Look once, and tell what has begun not to be well, and what is well again.

    Failures, missed ticks, dead letters, runs that wait in the queue, and more executions than the plan
    has (cronshift link --inngest-plan). What goes on is told again after four hours. To be run on a
    schedule. Exits 1 while something is not well, and when the webhook does not take it: what was not
    taken is told the next time.

    Examples:
      cronshift alerts check --dry-run
    """
    from cronshift.observing.alert_state import AlertState
    from cronshift.observing.alerting import changed, message
    from cronshift.observing.ledger_database import database_url
    from cronshift.observing.webhook import post_text
    from cronshift.plan.planning import make_plan

    invocation: Invocation = context.obj
    console, now = invocation.console, present()
    settings, plan = invocation.project.settings.alerts, make_plan(invocation.project)
    url = None if dry_run else _webhook(settings.webhook_env)
    alerts_now = _alerts(invocation, plan, environment_of(invocation, env), now)
    with AlertState.open(database_url(os.environ)) as state:
        change = changed(alerts_now, state.read(), now, settings.again)
        if url and (change.new or change.over):
            text = message(plan.app_id, change)
            asyncio.run(post_text(url, text))
            state.write(change, now)
    if invocation.json:
        console.document(
            {
                "alerts": [{"key": alert.key, "message": alert.sentence} for alert in alerts_now],
                "told": [alert.key for alert in change.new] if url else [],
                "over": list(change.over),
            }
        )
    else:
        for alert in alerts_now:
            console.result(alert.sentence)
        if not alerts_now:
            console.say("Nothing that is known of is not well.")
    return ExitCode.NOT_WELL if alerts_now else ExitCode.OK


def test(context: typer.Context) -> ExitCode:
    """Send the webhook a message that says that it is a test.

    Examples:
      cronshift alerts test
    """
    from cronshift.observing.alerting import Alert, AlertChange, message
    from cronshift.observing.webhook import post_text
    from cronshift.plan.planning import make_plan

    invocation: Invocation = context.obj
    settings, plan = invocation.project.settings.alerts, make_plan(invocation.project)
    trial = Alert("test", "This is a test: alerts arrive here.")
    text = message(plan.app_id, AlertChange((trial,), ()))
    asyncio.run(post_text(_webhook(settings.webhook_env), text))
    if invocation.json:
        invocation.console.document({"sent": True})
    else:
        invocation.console.say("The webhook took it.")
    return ExitCode.OK


def _webhook(variable: str) -> str:
    url = os.environ.get(variable, "").strip()
    if not url.startswith(("https://", "http://")):
        raise CronshiftError(
            f"{variable} holds no address of a webhook.",
            reason="no-webhook",
            hint="Make an incoming webhook, and set the variable to its address.",
        )
    return url


def _alerts(
    invocation: Invocation, plan: Plan, environment: Environment, now: datetime
) -> list[Alert]:
    from cronshift.commands.job_health import read_health
    from cronshift.observing.alerting import alerts_of
    from cronshift.observing.dead_letters import read_letters
    from cronshift.observing.spending import read_spending

    return [
        *alerts_of(
            read_health(invocation, plan, now),
            read_letters(os.environ, now),
            read_spending(plan.runnable, os.environ, now),
            _allowance(environment),
            invocation.project.settings.alerts,
        )
    ]


def _allowance(environment: Environment) -> Allowance | None:
    from cronshift.plan.forecast import allowances

    plan = environment.inngest_plan
    return next((each for each in allowances() if plan and each.name.lower() == plan.value), None)


SUBCOMMANDS = {"check": check, "test": test}

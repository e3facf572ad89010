"""``cronshift run``: one run of one job, here and now."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cronshift.commands.carrying_out import tell_next
from cronshift.commands.completion import job_names
from cronshift.commands.environments import EnvironmentName, environment_of, refuse_unlinked
from cronshift.errors import CronshiftError, ExitCode
from cronshift.model import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cronshift.commands.invocation import Invocation
    from cronshift.engine.executor.job_run import Outcome
    from cronshift.engine.executor.runs import Run
    from cronshift.model import Plan


def run(
    context: typer.Context,
    job: Annotated[
        str,
        typer.Argument(
            metavar="JOB", help="A job, or a function's own id.", autocompletion=job_names
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="The tick to run; the newest one by default."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="JSON|@FILE", help="Run it with an event that holds this data."),
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="NAME", help="The name of that event.")
    ] = None,
    reply: Annotated[
        list[str] | None,
        typer.Option(metavar="JSON", help="An event for a step that waits for one; repeatable."),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="CRONSHIFT_ENDPOINT",
            help="Run what is served there, in Python or TypeScript.",
        ),
    ] = None,
    start: Annotated[
        bool,
        typer.Option("--start", help="Start the app's own dev server for this run."),
    ] = False,
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the app answers, for jobs called over HTTP."),
    ] = None,
    attempts: Annotated[
        int | None, typer.Option(min=1, max=21, help="Try this often; as registered by default.")
    ] = None,
    real_time: Annotated[
        bool, typer.Option("--real-time", help="Wait out sleeps and retries.")
    ] = False,
    env: EnvironmentName = None,
) -> ExitCode:
    """Run a job once, step by step, with the tick that Inngest would send.

    The function is driven over Inngest's own protocol, with its retries and their waits, which are
    told and passed over unless you say --real-time. Before any migrate it is generated for this
    run only. It is a real run: what the handler does is done.

    The functions of an app in TypeScript run where the app runs: at --endpoint, or with --start in its
    framework's own dev server, on a free port, stopped at the end.

    Exits 1 when the run fails. No owner is asked: a run by hand is nobody's tick.

    Examples:
      cronshift run prediction-check
      cronshift run prediction-check --at 2026-11-24T08:00Z --base-url http://localhost:3000
      cronshift run send-mail --event app/mail.wanted --data '{"to": "ada"}'
      cronshift run prediction-check --start
      cronshift run prediction-check --env staging
      cronshift run prediction-check --endpoint http://localhost:3000/api/inngest --json
    """
    from cronshift.engine.executor.clock import Clock
    from cronshift.engine.executor.engine import Surroundings
    from cronshift.engine.executor.events import read_event
    from cronshift.engine.executor.job_run import Request, run_job
    from cronshift.plan.planning import make_plan

    invocation: Invocation = context.obj
    if start and endpoint is not None:
        raise CronshiftError("--start and --endpoint exclude each other.", reason="usage")
    plan = make_plan(invocation.project)
    _point(invocation, plan, base_url, env)
    now = datetime.now(UTC)
    sent = _data(data) if data else None
    request = Request(job, _instant(at), event, sent, endpoint, attempts, start)
    replies = [read_event(text, now) for text in reply or ()]
    with _live(invocation, job) as observe, redirect_stdout(sys.stderr):
        around = Surroundings(Clock(real=real_time), replies=replies, observe=observe)
        tell = invocation.console.say
        outcome = asyncio.run(run_job(invocation.project.root, plan, request, around, tell=tell))
    if invocation.json:
        invocation.console.document(outcome.to_json())
    else:
        _tell(invocation, outcome, plan.bridge.secret_env)
    return ExitCode.OK if outcome.is_well else ExitCode.NOT_WELL


def _point(invocation: Invocation, plan: Plan, base_url: str | None, env: str | None) -> None:
    """Set where bridged jobs call: as was said, else a variable, the settings, or production as linked."""
    variable, linked = plan.bridge.base_url_env, environment_of(invocation, env).app
    if env is not None and base_url is None:
        refuse_unlinked(env, "app", linked)
        base_url = linked
    if base_url is None and not os.environ.get(variable) and plan.bridge.base_url is None:
        base_url = linked
        if linked is not None and any(job.mode is Mode.BRIDGE for job in plan.runnable):
            invocation.console.say(f"Bridged jobs call {linked}, linked as production.")
    if base_url is not None:
        os.environ[variable] = base_url


def _tell(invocation: Invocation, outcome: Outcome, secret_env: str) -> None:
    from cronshift.output.run_tree import run_tree

    console = invocation.console
    console.result(run_tree(outcome.job, outcome.tick, outcome.run))
    for row in outcome.rows:
        console.result(run_tree(str(row.event["data"].get("value")), None, row))
    if outcome.is_well:
        tell_next(invocation, "run", "Generated for this run only." * outcome.throwaway)
    message = outcome.run.error.message if outcome.run.error else ""
    if "CRONSHIFT_BASE_URL is not set" in message:
        console.say(f"  → cronshift run {outcome.job} --base-url http://localhost:3000")
    if re.search(r"^No module named", message):
        console.say("  → Run it where the app's packages are installed, beside cronshift.")
    if re.search(r"answered 40[13]\b", message) and not os.environ.get(secret_env):
        console.say(f"  → Set {secret_env}, here and where the app runs: the route asks for it.")


@contextmanager
def _live(invocation: Invocation, job: str) -> Iterator[Callable[[Run], None]]:
    """Show the run while it goes on, where a terminal can redraw."""
    if invocation.json or invocation.quiet or not invocation.console.err.is_terminal:
        yield lambda _: None
        return
    from rich.live import Live

    from cronshift.output.run_tree import run_tree

    with Live(console=invocation.console.err, transient=True, redirect_stdout=False) as live:
        yield lambda run: live.update(run_tree(job, None, run))


def _data(text_or_file: str) -> dict[str, Any]:
    """Return the data that ``--data`` holds, or names the file of."""
    from cronshift.runtime.regular_files import read_text

    try:
        text = read_text(Path(text_or_file[1:])) if text_or_file.startswith("@") else text_or_file
        data = json.loads(text)
    except OSError as error:
        raise CronshiftError(
            f"{text_or_file[1:]} cannot be read: {error.strerror}.", reason="usage", where="--data"
        ) from error
    except ValueError as error:
        raise CronshiftError(f"--data is not JSON: {error}.", reason="usage") from error
    if not isinstance(data, dict):
        raise CronshiftError("--data must be a JSON object.", reason="usage", where="--data")
    return data


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CronshiftError(
            f"--at {text!r} is no time.", reason="usage", hint="Write it like 2026-11-24T08:00Z."
        ) from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)

"""``cronshift serve``: the generated functions, answering Inngest."""

from __future__ import annotations

import os
import sys
import threading
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from cronshift.errors import CronshiftError, ExitCode
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from cronshift.commands.invocation import Invocation
    from cronshift.engine.server.app import ServedApp
    from cronshift.engine.server.lifetime import Ending, Lifetime
    from cronshift.engine.server.tracing import Tracing

_LAST_SECONDS = 1.0


class CallLogging(StrEnum):
    """The choice of a log for calls."""

    AUTO = "auto"
    JSON = "json"
    OFF = "off"


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 for every address.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8000,
    connect: Annotated[
        bool, typer.Option("--connect", help="Connect out to Inngest; listen nowhere.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Start, compare with the plan, and stop: for CI.")
    ] = False,
    dev: Annotated[
        bool, typer.Option("--dev", help="Dev mode: the same as INNGEST_DEV=1.")
    ] = False,
    grace: Annotated[
        str,
        typer.Option(metavar="TIME", help="How long running steps may take to finish at the end."),
    ] = "30s",
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Answer /metrics, in Prometheus' format.")
    ] = False,
    page: Annotated[
        bool, typer.Option("--page", help="Answer / with the page of cronshift report.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="Serve in so many processes.")
    ] = 1,
    log: Annotated[
        CallLogging, typer.Option(help="A line of JSON a call, on stderr; auto: off a terminal.")
    ] = CallLogging.AUTO,
) -> ExitCode:
    """Serve the generated functions to Inngest, at /api/inngest, with /healthz and /readyz.

    As the SDK's own variables say: dev mode under INNGEST_DEV, else cloud mode, which needs
    INNGEST_SIGNING_KEY and refuses requests without a signature or with one older than 5 minutes.

    SIGTERM or Ctrl-C stops it: /readyz and new requests get 503 while running steps finish, and
    it exits 0. A second Ctrl-C does not wait (130); a step cut off by --grace makes it exit 1.
    Requests that have not arrived by then are not waited for.

    A body may have 16 MiB, more than the engine sends; a header has 10 seconds to arrive, its body
    60. Of more than 1,000 connections the one that has waited longest gives way; where every one
    has a request, the next gets 503. /healthz and /readyz are always answered.

    Off a terminal every call is a line of JSON on stderr: function, run, tick, attempt, status, seconds.
    --metrics answers /metrics, and --page /, to whoever asks: counts and durations a function, and the
    move's report. With --workers N, N processes share the socket: each has its own limits, and they drain
    together; one that dies is begun anew, and /metrics of any has the sums of all. Where OpenTelemetry's
    SDK is installed, each step and each run is a span; opentelemetry-instrument says where they go.

    With --check it exits 1 when what it would register is not what the plan says, or when a fact
    that the functions, or a job on its way, depend on is known bad. With --connect it needs
    no open port: Inngest's calls come through a WebSocket that this side opens.

    Examples:
      cronshift serve --dev
      cronshift serve --host 0.0.0.0 --port 8080 --grace 5m
      cronshift serve --check --dev --json
      cronshift serve --metrics --log json --workers 4
    """
    from cronshift.engine.server.keys import require_keys, server_mode

    invocation: Invocation = context.obj
    if connect + check + (workers > 1) > 1:
        raise CronshiftError("--connect, --check and --workers exclude each other.", reason="usage")
    if dev and server_mode(os.environ) != "dev":
        os.environ["INNGEST_DEV"] = "1"
    require_keys(os.environ, server_mode(os.environ))
    if check:
        return _check(invocation)
    patience = _grace(grace)
    serving = ServingChoices(invocation, grace, patience, metrics=metrics, page=page, log=log)
    if connect:
        return _connect(serving)
    return _listen(serving, host, port, workers)


class ServingChoices(Struct, frozen=True):
    """The choices that every process of a server has in common."""

    invocation: Invocation
    grace: str
    patience: timedelta
    metrics: bool
    page: bool
    log: CallLogging

    def app(self) -> ServedApp:
        """Return the app of this process, with all that observes it."""
        from cronshift.engine.server.loading import build_app
        from cronshift.project.settings import load_settings
        from cronshift.targets import DEFAULT_TARGET, target_named

        invocation = self.invocation
        settings = load_settings(invocation.root, invocation.config)
        usual = target_named(settings.target or DEFAULT_TARGET).usual_out
        app = build_app(invocation.root, settings.out or usual)
        _observe(app, metrics=self.metrics, log=self.log)
        app.tracing = _tracing()
        if self.page:
            from cronshift.commands.report import page_of
            from cronshift.engine.server.observed import Page

            app.page = Page(lambda: page_of(invocation))
        return app

    def lifetime(self, on_ready: Callable[[], None]) -> Lifetime:
        """Return the lifetime of this process."""
        from cronshift.engine.server.lifetime import Lifetime

        return Lifetime(self.patience, on_ready, partial(_cut, self.invocation, self.grace))


def _connect(serving: ServingChoices) -> ExitCode:
    from cronshift.engine.server.connecting import work

    invocation, app = serving.invocation, serving.app()
    invocation.console.say(f"Connecting to {app.client.api_origin} …")
    life = serving.lifetime(lambda: _tell_connected(invocation, app))
    return _end(invocation, _code(work(app.client, app.functions, life)))


def _listen(serving: ServingChoices, host: str, port: int, workers: int) -> ExitCode:
    from cronshift.engine.server.serving import listen, origin
    from cronshift.engine.server.serving import serve as serve_http

    invocation = serving.invocation
    if workers == 1:
        app, listener = serving.app(), listen(host, port)
        served = _served(app, origin(listener))
        life = serving.lifetime(lambda: _tell_serving(invocation, served))
        return _end(invocation, _code(serve_http(app, listener, life, verbose=invocation.verbose)))
    from cronshift.engine.server.workers import ServingProcess, serve_in_workers

    listener = listen(host, port)
    url = origin(listener)

    def work(worker: ServingProcess) -> ExitCode:
        app = serving.app()
        life = serving.lifetime(lambda: worker.tell(_served(app, url)))
        return _code(serve_http(app, listener, life, verbose=invocation.verbose))

    with listener:
        code = serve_in_workers(
            workers,
            work,
            lambda served: _tell_serving(invocation, served),
            serving.patience.total_seconds(),
        )
    return _end(invocation, code)


def _end(invocation: Invocation, code: ExitCode) -> ExitCode:
    if code is ExitCode.OK:
        invocation.console.say("Stopped.")
    return code


def _observe(app: ServedApp, *, metrics: bool, log: CallLogging) -> None:
    """Have the app tell of its calls, where that is asked for."""
    from cronshift.engine.server.observed import CallLog, Metrics, Observer, Observers

    observers: list[Observer] = []
    if metrics:
        handlers = [function.on_failure_fn_id for function in app.functions]
        ids = [function.id for function in app.functions] + [each for each in handlers if each]
        app.metrics = Metrics(ids, lambda: app.running)
        observers.append(app.metrics)
    if log is CallLogging.JSON or (log is CallLogging.AUTO and not sys.stderr.isatty()):
        observers.append(CallLog())
    app.observers = Observers(observers)


def _tracing() -> Tracing | None:
    """Return the maker of spans, where OpenTelemetry is installed: without it nothing is imported."""
    from importlib.util import find_spec

    try:
        is_there = find_spec("opentelemetry.sdk") is not None
    except ModuleNotFoundError:
        return None
    if not is_there:
        return None
    from cronshift.engine.server.tracing import Tracing

    return Tracing()


def _grace(text: str) -> timedelta:
    from cronshift.runtime.schedule.durations import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise CronshiftError(f"--grace: {error}.", reason="usage", where="--grace") from None


def _served(app: ServedApp, origin: str) -> dict[str, Any]:
    """Return the document that a server tells of itself."""
    return {"url": origin + app.path, **_about(app), "counted": _counted(app)}


def _tell_serving(invocation: Invocation, served: dict[str, Any]) -> None:
    from cronshift.engine.server.keys import EVENT_KEY, missing_keys, next_steps

    url, mode = served["url"], served["mode"]
    if invocation.json:
        _line({key: value for key, value in served.items() if key != "counted"})
        return
    console = invocation.console
    console.say(
        f"Serving {counted(len(served['functions']), 'function')} at {url} ({mode} mode). Ctrl-C stops."
    )
    if mode == "cloud" and EVENT_KEY in missing_keys(os.environ):
        console.warn(f"{EVENT_KEY} is not set: functions that send events will fail.")
    console.say(
        f"Their server is {served['server']}, where they are {served['counted']}: each failure"
        " handler counts there."
    )
    for line in next_steps(mode, url, os.environ):
        console.say(line)


def _tell_connected(invocation: Invocation, app: ServedApp) -> None:
    if invocation.json:
        _line({"connected_to": app.client.api_origin, **_about(app)})
        return
    invocation.console.say(
        f"Connected to {app.client.api_origin} with {counted(len(app.functions), 'function')} ({app.mode} mode). Ctrl-C stops."
    )


def _about(app: ServedApp) -> dict[str, Any]:
    return {
        "mode": app.mode,
        "server": app.client.api_origin,
        "functions": [function.id for function in app.functions],
    }


def _counted(app: ServedApp) -> int:
    """Return the number of the app's functions that the server has."""
    handlers = sum(function.on_failure_fn_id is not None for function in app.functions)
    return len(app.functions) + handlers


def _line(document: dict[str, Any]) -> None:
    """Print one line of JSON at once: whoever waits for it reads a pipe."""
    from cronshift.output.encoding import json_text

    sys.stdout.write(json_text(document, indent=None))
    sys.stdout.flush()


def _cut(invocation: Invocation, grace: str, ending: Ending) -> None:
    """Tell it, then end the process soon, even if a thread of the project's code never does."""
    if ending == "timed-out":
        invocation.console.warn(
            f"A step still ran after {grace} and was cut off; Inngest will retry it."
        )
    timer = threading.Timer(_LAST_SECONDS, os._exit, [int(_code(ending))])
    timer.daemon = True
    timer.start()


def _code(ending: Ending) -> ExitCode:
    codes = {"drained": ExitCode.OK, "timed-out": ExitCode.NOT_WELL}
    return codes.get(ending, ExitCode.INTERRUPTED)


def _check(invocation: Invocation) -> ExitCode:
    """Serve for a moment, introspect the server, and compare it with the plan and the facts."""
    import asyncio
    from datetime import UTC, datetime

    from cronshift.engine.validation.served import check_served
    from cronshift.moving.status import read_status
    from cronshift.output.audit_text import findings_text
    from cronshift.output.plan_document import finding_document
    from cronshift.output.text import facts_text
    from cronshift.plan.planning import make_plan
    from cronshift.readiness.fact import Knowledge, Stage

    console, project = invocation.console, invocation.project
    plan = make_plan(project)
    checked = asyncio.run(check_served(project.root, plan))
    status = read_status(project, datetime.now(UTC))
    refusing = [
        fact
        for fact in status.facts
        if fact in status.pressing
        or (fact.answer is Knowledge.BAD and Stage.SERVE in fact.kind.stages)
    ]
    is_bad = checked.bad or bool(refusing)
    if invocation.json:
        console.document(
            {
                "version": 1,
                "valid": not is_bad,
                "mode": checked.mode,
                "functions": list(checked.functions),
                "findings": [finding_document(finding) for finding in checked.findings],
                "facts": [fact.to_json() for fact in status.facts],
            }
        )
    else:
        if checked.findings:
            console.result(findings_text(checked.findings))
        verdict = "not what the plan says" if checked.bad else "as the plan says"
        console.result(
            f"{counted(len(checked.functions), 'function')} would be registered, {verdict} ({checked.mode} mode)."
        )
        if refusing:
            console.result(facts_text(refusing))
        others = [fact for fact in status.facts if fact not in refusing]
        if any(fact.answer is not Knowledge.GOOD for fact in others):
            console.message(facts_text(others))
    return ExitCode.NOT_WELL if is_bad else ExitCode.OK

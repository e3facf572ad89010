"""Spans of runs and steps by the real OpenTelemetry, through the real SDK; and nothing of it without."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cronshift.engine.server.app import ServedApp
from cronshift.engine.server.tracing import Tracing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from opentelemetry.sdk.trace import ReadableSpan

RUN = "01M8EEF3JTNMEAQHZQ4RXVZ310"
TICK = {"name": "inngest/scheduled.timer", "data": {"secret": "planted"}, "ts": 1796000400000}


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


def ours(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    """Return the spans of this side; FastAPI makes some of its own."""
    spans = exporter.get_finished_spans()
    scopes = [
        span.instrumentation_scope.name if span.instrumentation_scope else "" for span in spans
    ]
    return [
        span for span, scope in zip(spans, scopes, strict=True) if scope in {"cronshift", "app"}
    ]


def served(monkeypatch: pytest.MonkeyPatch) -> ServedApp:
    monkeypatch.setenv("INNGEST_DEV", "1")
    app, client = FastAPI(), inngest.Inngest(app_id="shop")

    @client.create_function(fn_id="mail", trigger=inngest.TriggerCron(cron="0 3 * * *"))
    async def mail(ctx: inngest.Context) -> str:
        async def work() -> str:
            with trace.get_tracer("app").start_as_current_span("own work"):
                return "done"

        return await ctx.step.run("send letters", work)

    @client.create_function(fn_id="broken", trigger=inngest.TriggerCron(cron="0 3 * * *"))
    async def broken(ctx: inngest.Context) -> str:
        raise ValueError("planted")

    inngest.fast_api.serve(app, client, [mail, broken])
    app_served = ServedApp(app, client, [mail, broken])
    app_served.tracing = Tracing()
    return app_served


async def call(app: ServedApp, function: str, steps: dict[str, Any]) -> int:
    ctx = {
        "attempt": 1,
        "disable_immediate_execution": False,
        "run_id": RUN,
        "stack": {"stack": []},
    }
    body = {"ctx": ctx, "event": TICK, "events": [TICK], "steps": steps, "use_api": False}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        address = f"/api/inngest?fnId=shop-{function}&stepId=step"
        return (await http.post(address, content=json.dumps(body))).status_code


def test_each_step_and_each_run_is_a_span_of_one_trace(
    exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = served(monkeypatch)
    exporter.clear()
    assert asyncio.run(call(app, "mail", {})) == 206
    from inngest._internal.transforms import hash_step_id

    memo = {hash_step_id("send letters"): {"type": "data", "data": "done"}}
    assert asyncio.run(call(app, "mail", memo)) == 200
    spans = {span.name: span for span in ours(exporter)}
    assert set(spans) == {"own work", "step send letters", "call shop-mail", "run shop-mail"}
    assert len({span.context.trace_id for span in spans.values() if span.context}) == 1
    names = {span.context.span_id: span for span in exporter.get_finished_spans() if span.context}
    above, name = spans["own work"].parent, ""
    while above is not None and name != "step send letters":
        name = names[above.span_id].name
        above = names[above.span_id].parent
    assert name == "step send letters"  # what the app spans itself stands below its step
    attributes = dict(spans["run shop-mail"].attributes or {})
    assert attributes["inngest.run.id"] == RUN
    assert attributes["inngest.attempt"] == 2
    assert spans["run shop-mail"].start_time == 1795781267034 * 10**6
    assert not any("planted" in span.to_json() for span in spans.values())


def test_a_call_that_fails_is_a_span_that_says_so(
    exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter.clear()
    assert asyncio.run(call(served(monkeypatch), "broken", {})) >= 400
    (span,) = ours(exporter)
    assert (span.name, span.status.status_code) == ("call shop-broken", trace.StatusCode.ERROR)
    assert "planted" not in span.to_json()


def test_without_a_provider_no_span_is_made(
    exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter.clear()
    with monkeypatch.context() as unset:
        unset.setattr(trace, "get_tracer_provider", trace.ProxyTracerProvider)
        assert asyncio.run(call(served(monkeypatch), "mail", {})) == 206
    assert not [span for span in ours(exporter) if span.name != "own work"]
    assert asyncio.run(call(served(monkeypatch), "mail", {})) == 206
    assert any(span.name == "step send letters" for span in ours(exporter))


def test_without_it_nothing_of_it_is_imported(
    package: Path, environment: Callable[..., dict[str, str]]
) -> None:
    code = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Hidden())
from pathlib import Path
from cronshift.commands.serve import _tracing
try:
    assert _tracing() is None
except ModuleNotFoundError as error:
    raise SystemExit(f"asked for {error.name}")
assert "cronshift.engine.server.tracing" not in sys.modules
assert not any(name.startswith("opentelemetry") for name in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

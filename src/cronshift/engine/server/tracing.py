"""Spans of runs and of their steps, where OpenTelemetry's SDK is installed; else nothing of it is imported.

Where they go is OpenTelemetry's to know: ``opentelemetry-instrument cronshift serve``, or a provider that
the project's own code sets. All calls of a run are one trace, whichever process answers them.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from cronshift.engine.server.observed import SentBody, tick_of_event
from cronshift.runtime.ulid_time import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST_ERROR = 400
_SOME_STEPS = 206
_TRACEPARENT = b"traceparent"
_MOST_BYTES = 262_144  # of an answer that is looked into for the names of its steps


class _AnsweredStep(msgspec.Struct, rename="camel"):
    op: str = ""
    name: str = ""
    display_name: str = ""


_STEPS = msgspec.json.Decoder(list[_AnsweredStep])
_SENT = msgspec.json.Decoder(SentBody)


class AnswerSeen:
    """The answer to a call, as far as a span tells of it.

    Args:
        traceparent: the header by which what answers goes on with the span.
    """

    def __init__(self, traceparent: bytes) -> None:
        self.status = 0
        self._traceparent = traceparent
        self._content = bytearray()

    def scope(self, scope: Any) -> Any:
        """Return a request's scope with that header: FastAPI begins a trace of its own without one."""
        kept = [pair for pair in scope["headers"] if pair[0] != _TRACEPARENT]
        return {**scope, "headers": [*kept, (_TRACEPARENT, self._traceparent)]}

    def take(self, message: Any) -> None:
        """Take a message of ASGI's that is part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif len(self._content) < _MOST_BYTES:
            self._content += message.get("body", b"")

    @property
    def steps(self) -> list[str]:
        """The names of the steps that the call ran or planned."""
        if self.status != _SOME_STEPS:
            return []
        try:
            return [step.display_name or step.name for step in _STEPS.decode(self._content)]
        except msgspec.MsgspecError:
            return []


class Tracing:
    """Makes spans by the provider that is set for the process."""

    def __init__(self) -> None:
        from opentelemetry import trace

        self._trace = trace
        self._tracer = trace.get_tracer("cronshift")

    @property
    def is_on(self) -> bool:
        """True when a provider is set for the process: without one, spans go nowhere."""
        provider = self._trace.get_tracer_provider()
        return not isinstance(provider, self._trace.ProxyTracerProvider)

    @contextmanager
    def call(self, function: str, body: bytes) -> Iterator[AnswerSeen]:
        """Span a call, named by the steps that it ran; and its run, once that has come to its end."""
        sent = _sent(body)
        attributes: dict[str, str | int] = {
            "inngest.function.id": function,
            "inngest.run.id": sent.ctx.run_id,
            "inngest.attempt": sent.ctx.attempt + 1,
        }
        if tick := tick_of_event(sent.event):
            attributes["cronshift.tick"] = tick
        context = self._of_run(sent.ctx.run_id)
        with self._tracer.start_as_current_span(
            f"call {function}", context, attributes=attributes
        ) as span:
            made = span.get_span_context()
            answer = AnswerSeen(f"00-{made.trace_id:032x}-{made.span_id:016x}-01".encode())
            try:
                yield answer
            finally:
                span.set_attribute("http.response.status_code", answer.status)
                if steps := answer.steps:
                    span.update_name(f"step {', '.join(steps)}")
                if not 0 < answer.status < _FIRST_ERROR:
                    span.set_status(self._trace.StatusCode.ERROR)
        began = seconds_of(sent.ctx.run_id)
        if answer.status not in {0, _SOME_STEPS} and answer.status < _FIRST_ERROR and began:
            start = round(began * 1000) * 1_000_000
            self._tracer.start_span(
                f"run {function}", context, attributes=attributes, start_time=start
            ).end()

    def _of_run(self, run_id: str) -> Any:
        """Return the context that all spans of a run share; none for a call that names no run."""
        if not run_id:
            return None
        digest = hashlib.sha256(run_id.encode()).digest()
        trace = self._trace
        parent = trace.SpanContext(
            int.from_bytes(digest[:16]),
            int.from_bytes(digest[16:24]),
            is_remote=True,
            trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
        )
        return trace.set_span_in_context(trace.NonRecordingSpan(parent))


def _sent(body: bytes) -> SentBody:
    try:
        return _SENT.decode(body)
    except msgspec.MsgspecError:
        return SentBody()

"""The runtime that generated Python modules import.

A job's module says what the job is (:class:`JobSpec`), makes the :class:`Call` of one tick, and has it
answered: over HTTP (:class:`Bridge`) or in process (:class:`AsgiHandler`, :class:`WsgiHandler`,
:class:`HttpServerHandler`, :class:`CallableHandler`). The app that Vercel calls asks the
:class:`Guard`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cronshift.runtime.answers import Answer
    from cronshift.runtime.apps import AsgiHandler, WsgiHandler
    from cronshift.runtime.beginning import due
    from cronshift.runtime.bridge import Bridge
    from cronshift.runtime.calls import Call, CallHandler
    from cronshift.runtime.fanning import fan_out
    from cronshift.runtime.guard import Guard
    from cronshift.runtime.jobs import JobSpec, row_of
    from cronshift.runtime.rehearsing import rehearse
    from cronshift.runtime.reporting import (
        cancelled_runs,
        report_cancelled,
        report_failure,
        report_row_failure,
        report_success,
    )
    from cronshift.runtime.rows import Rows, row_call, send_rows
    from cronshift.runtime.scripts import CallableHandler, HttpServerHandler

__all__ = [
    "Answer",
    "AsgiHandler",
    "Bridge",
    "Call",
    "CallHandler",
    "CallableHandler",
    "Guard",
    "HttpServerHandler",
    "JobSpec",
    "Rows",
    "WsgiHandler",
    "before_endpoint",
    "cancelled_runs",
    "due",
    "fan_out",
    "rehearse",
    "report_cancelled",
    "report_failure",
    "report_row_failure",
    "report_success",
    "row_call",
    "row_of",
    "send_rows",
]

_HOMES = {
    "Answer": "answers",
    "AsgiHandler": "apps",
    "Bridge": "bridge",
    "Call": "calls",
    "CallableHandler": "scripts",
    "Guard": "guard",
    "CallHandler": "calls",
    "HttpServerHandler": "scripts",
    "JobSpec": "jobs",
    "Rows": "rows",
    "WsgiHandler": "apps",
    "before_endpoint": "endpoint",
    "cancelled_runs": "reporting",
    "due": "beginning",
    "fan_out": "fanning",
    "rehearse": "rehearsing",
    "report_cancelled": "reporting",
    "report_failure": "reporting",
    "report_row_failure": "reporting",
    "report_success": "reporting",
    "row_call": "rows",
    "row_of": "jobs",
    "send_rows": "rows",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""The registration of functions that the app has of its own, as far as their source tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.engine.validation.registration import (
    FunctionConfig,
    Registration,
    Step,
    Trigger,
    Unread,
)
from cronshift.handlers.tree import SourceTree
from cronshift.project.conventions.cron_functions import cron_functions

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.model import Plan

_STEP_URL = "http://localhost/api/inngest"  # the SDK makes it of the request


def by_hand(root: Path, plan: Plan) -> Registration:
    """Return the functions of the jobs that the app does itself; served or not, the source does not tell."""
    ids = {job.function.id for job in plan.runnable if job.function}
    functions = [each for each in cron_functions(SourceTree(root)) if each.id in ids]
    return Registration(
        app_id=None,
        sdk=None,
        functions=tuple(
            FunctionConfig(
                each.id,
                each.id,
                tuple(Trigger(cron=cron) for cron in each.crons),
                (Step("step", "step", _STEP_URL, None),),
                location=each.location,
                computed=() if each.crons else ("trigger",),
            )
            for each in functions
        ),
        unread=(
            Unread(
                "which of the app's own functions are served, and with which options",
                functions[0].location,
            ),
        )
        if functions
        else (),
    )

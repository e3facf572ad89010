"""``cronshift doctor``: what is known of an environment right now."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.commands.environments import EnvironmentName, environment_of
from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


def doctor(context: typer.Context, env: EnvironmentName = None) -> ExitCode:
    """Ask the endpoint, Inngest and Vercel whether all is well, and tell the true cause first.

    Every fact is known good (✓), known bad (✗) or not known, with its evidence, its age and its remedy;
    a fault that explains others stands before them. Nothing is changed, no function runs, and all answers
    together have four seconds. Keys are compared and never shown.

    It asks as INNGEST_SIGNING_KEY or INNGEST_API_KEY and VERCEL_TOKEN let it; what they would tell is not
    known without them.

    Exits 1 when something is known bad.

    Examples:
      cronshift doctor
      cronshift doctor --env staging --json
    """
    from cronshift.output.diagnosis_text import diagnosis_text
    from cronshift.plan.planning import make_plan
    from cronshift.readiness.doctor.asking import Asking
    from cronshift.readiness.doctor.diagnosis import diagnose

    invocation: Invocation = context.obj
    environment = environment_of(invocation, env)
    project, now = invocation.project, datetime.now(UTC)
    asking = Asking(project, make_plan(project), environment, os.environ, now)
    diagnosis = asyncio.run(diagnose(asking))
    if invocation.json:
        invocation.console.document(diagnosis.to_json())
    else:
        invocation.console.result(diagnosis_text(diagnosis, datetime.now(UTC)))
    return ExitCode.OK if diagnosis.is_well else ExitCode.NOT_WELL

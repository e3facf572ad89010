"""The module of the function that tells which runs of the app's jobs Inngest cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.plan.functions import function_ids
from cronshift.runtime.jobs import CANCELLED_EVENT, CANCELLED_ID
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.library import library_import
from cronshift.targets.typescript.source import braced, member, text

if TYPE_CHECKING:
    from cronshift.model import Job, Plan

_IN_TABLE, _IN_OPTIONS = 2, 4  # columns in


def cancelled_module(plan: Plan) -> str:
    """Return the module; in the SDK's v4 the trigger stands in the options."""
    file = f"{plan.out}/cancelled.ts"
    watched = any(job.options.heartbeat_env for job in plan.runnable)
    report = "pingFailure" if watched else "reportFailure"
    names = {"heartbeat" if watched else "failures": report}
    names |= {"dead-letters": "bury"} if app_of(plan).has_ledger else {}
    names |= {"claims": "released"} if app_of(plan).claims else {}
    jobs = {f"{plan.app_id}-{name}": job for job in plan.runnable for name in function_ids(job)}
    mark = "'" if app_of(plan).code.style.double_quotes else '"'  # CEL has both: none is escaped
    ids = ", ".join(f"{mark}{name}{mark}" for name in jobs)
    in_options = app_of(plan).sdk_major >= 4  # noqa: PLR2004 - v4 takes triggers in the options
    trigger = braced(
        "{",
        [
            f"event: {text(CANCELLED_EVENT)}",
            f"if: {text(f'event.data.function_id in [{ids}]')}",  # prettier breaks no short key
        ],
        "}",
    )
    options = [member("id", CANCELLED_ID, _IN_OPTIONS)]
    options += [braced("triggers: [", [trigger], "]")] if in_options else []
    return render(
        "typescript",
        "cancelled.ts",
        client=client_import(plan, file),
        imports=[
            f"import {{ {name} }} from {text(library_import(plan, module, file))};"
            for module, name in sorted(names.items())
        ],
        buried=app_of(plan).has_ledger,
        claims=app_of(plan).claims is not None,
        report=report,
        ended=", data" if watched else "",
        jobs=[member(name, _reported(job), _IN_TABLE) for name, job in jobs.items()],
        options=options,
        trigger=None if in_options else trigger,
    )


def _reported(job: Job) -> dict[str, str]:
    heartbeat = job.options.heartbeat_env
    return {"id": job.id, **({"heartbeat": heartbeat} if heartbeat else {})}


def hears_of_cancelled(plan: Plan) -> bool:
    """Return whether somebody waits for what became of a job: else Inngest alone tells it."""
    app = app_of(plan)
    return (
        app.has_ledger
        or app.claims is not None
        or any(job.options.heartbeat_env for job in plan.runnable)
    )

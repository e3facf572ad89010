"""A run of a function in the app's own dev server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.engine.executor.events import Receiver
from cronshift.engine.executor.job_run import ORIGINS, run_at_endpoint
from cronshift.errors import CronshiftError
from cronshift.plan.job_ids import unknown_job
from cronshift.project import load_project
from cronshift.readiness.fact import Knowledge
from cronshift.readiness.subject import Subject
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.asking import ask_running
from cronshift.targets.typescript.dev_server import dev_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.engine.executor.engine import Surroundings
    from cronshift.engine.executor.job_run import Outcome, Request
    from cronshift.model import Plan


async def run_started(
    root: Path, plan: Plan, request: Request, around: Surroundings, tell: Callable[[str], None]
) -> Outcome:
    """Run a function of the app in its own dev server, which lives as long as the run.

    Raises:
        CronshiftError: ``needs-endpoint``, where the server may not be started; for a name that is
            nothing to run, or a server that does not start.
    """
    if not request.start:
        raise CronshiftError(
            "The app's own functions run where the app runs.",
            reason="needs-endpoint",
            hint=f"cronshift run {request.name} --start starts it for this run; or name one that "
            "runs with INNGEST_DEV=1: --endpoint http://localhost:3000/api/inngest.",
        )
    is_named = plan.job(request.name) or request.event is not None or request.data is not None
    has_own = (root / plan.out / "jobs").is_dir()  # their functions are known by what is served
    if not is_named and not has_own:
        raise unknown_job(request.name, [job.id for job in plan.jobs])
    receiver = around.receiver or Receiver()
    async with receiver.listening():
        variables = dict.fromkeys(ORIGINS, receiver.url)
        folder = root / app_of(plan).folder
        framework, base_url_env = app_of(plan).framework, plan.bridge.base_url_env
        async with dev_server(folder, variables, base_url_env, tell, framework=framework) as url:
            await _tell_turned_away(root, plan, url, tell)
            began = replace(around, receiver=receiver)
            return await run_at_endpoint(plan, replace(request, endpoint=url), began)


async def _tell_turned_away(root: Path, plan: Plan, url: str, tell: Callable[[str], None]) -> None:
    """Print the calls of Vercel and Inngest that the app turns away."""
    project = load_project(root)
    subject = Subject(project, plan, plan.runnable, datetime.now(UTC))
    for fact in await ask_running(subject, url):
        if fact.answer is Knowledge.BAD:
            tell(f"{fact.kind.code} {fact.message} {fact.remedy}.")

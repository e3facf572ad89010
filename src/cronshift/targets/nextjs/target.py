"""The Next.js target, as the rest of the house asks it; each answer comes from a module beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.nextjs import app
from cronshift.targets.nextjs.app import app_of
from cronshift.targets.nextjs.calling import reach, without_get
from cronshift.targets.target import GuardRoute, NoGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from cronshift.engine.executor.engine import Surroundings
    from cronshift.engine.executor.job_run import Outcome, Request
    from cronshift.engine.validation import Registration
    from cronshift.handlers import Resolver
    from cronshift.model import CronEntry, Finding, Handler, Job, Plan
    from cronshift.operations import Edit, Operation
    from cronshift.plan.snapshot import Snapshot
    from cronshift.project import Project
    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject
    from cronshift.targets.changes import FileChange
    from cronshift.targets.scaffold.rendering import Flow
    from cronshift.targets.target import (
        Directing,
        Fit,
        GeneratedFile,
        Guard,
        Placement,
        Reach,
        Retirement,
        Wishes,
    )


class NextjsTarget:
    """Functions in the app's own TypeScript, served by a route of the app."""

    name = "nextjs"
    usual_out = "lib/inngest"
    taken_ids = frozenset({"index"})  # functions/index.ts lists the functions
    removes_unused = True  # the dispatcher has a route for every entry, and no other caller
    checks_types = True
    migrates_tables = True  # TypeScript makes no tables
    trial = "cronshift run JOB --start"

    def fit(self, project: Project, resolver: Resolver) -> Fit:
        """Return whether the project is a Next.js app."""
        return app.fit(project, resolver)

    def place(self, project: Project, resolver: Resolver) -> Placement:
        """Return the placement of the files in the app."""
        return app.place(project, resolver)

    def module(self, placement: Placement, job_id: str) -> str:
        """Return the module of a job."""
        return f"{placement.out}/functions/{job_id}.{app.data_of(placement).routers.language}"

    def reach(self, placement: Placement, handler: Handler | None, entry: CronEntry) -> Reach:
        """Return whether a function can import a handler."""
        return reach(app.data_of(placement).routers, handler, entry.path)

    def reach_without_get(self, reach: Reach) -> Reach:
        """Return HTTP: there is no ``GET`` to import."""
        return without_get(reach)

    def generate(self, plan: Plan) -> Sequence[GeneratedFile]:
        """Return the app's files, in its style."""
        from cronshift.targets.nextjs.files import generate_app

        return generate_app(plan)

    def extend(self, root: Path, plan: Plan) -> Sequence[FileChange]:
        """Return the changes of package.json, env example and serve route."""
        from cronshift.targets.nextjs.extending import extend_app

        return extend_app(root, plan)

    def guard(self, plan: Plan, job: Job) -> Guard:
        """Return the dispatcher's route for a job."""
        from cronshift.targets.nextjs.dispatching import dispatcher_file

        file = dispatcher_file(plan, job)
        return NoGuard() if file is None else GuardRoute(file, app_of(plan).routers.base_path)

    def facts(self, subject: Subject) -> Iterable[Fact]:
        """Return the facts about the SDK, and about the environments that it runs in."""
        from cronshift.targets.nextjs.facts import facts

        return facts(subject)

    def retire(self, before: Snapshot, jobs: Sequence[Job]) -> Retirement:
        """Return the end of entries and dispatcher, and the moves of routes to their functions."""
        from cronshift.targets.nextjs.ending import end

        return end(before, jobs)

    def direct(
        self, before: Snapshot, ending: Sequence[Edit], jobs: Sequence[Job], wishes: Wishes
    ) -> Directing:
        """Return the change of the routes' modules into functions, and the rest of cronshift's behind it."""
        from cronshift.targets.nextjs.directing import direct

        return direct(before, ending, jobs, wishes)

    def bring_back(
        self, project: Project, jobs: Sequence[str], past: Sequence[Operation]
    ) -> Sequence[Edit]:
        """Return the edits that move modules back to their routes; the rest is generated again."""
        from cronshift.targets.nextjs.routes_back import routes_back

        return list(routes_back(project, jobs, past))

    def validate(
        self, root: Path, plan: Plan, *, compiles: bool
    ) -> tuple[Registration, Sequence[Finding]]:
        """Return the endpoint's registration; its source is read, and its types are checked."""
        from cronshift.targets.nextjs.validating import validate_app

        return validate_app(root, plan, compiles=compiles)

    async def ask_running(self, subject: Subject, tell: Callable[[str], None]) -> Sequence[Fact]:
        """Return the facts that the app's own dev server shows, asked once for each path."""
        from cronshift.targets.nextjs.asking import ask_running
        from cronshift.targets.nextjs.dev_server import dev_server

        root = subject.project.root / app_of(subject.plan).folder
        base_url_env = subject.plan.bridge.base_url_env
        async with dev_server(root, {"INNGEST_DEV": "1"}, base_url_env, tell) as url:
            return await ask_running(subject, url)

    async def run(
        self,
        root: Path,
        plan: Plan,
        request: Request,
        surroundings: Surroundings,
        tell: Callable[[str], None],
    ) -> Outcome:
        """Run a function of the app in its own dev server, where that may be started."""
        from cronshift.targets.nextjs.running import run_started

        return await run_started(root, plan, request, surroundings, tell)

    def scaffold(self, root: Path, flow: Flow, *, force: bool) -> Sequence[Edit]:
        """Return the edits that write the whole flow in TypeScript, and that have it served."""
        from cronshift.targets.nextjs.session_scaffold import nextjs_edits

        return nextjs_edits(root, flow, force=force)

    def after_scaffold(self, paths: Sequence[str]) -> str:
        """Return the next step: the code to write, and the functions to serve."""
        from cronshift.targets.nextjs.session_scaffold import next_steps

        return next_steps(paths)


NEXTJS = NextjsTarget()

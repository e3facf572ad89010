"""The targets in TypeScript, as the rest of the house asks them; each answer comes from a module beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.target import DoesNotFit, GuardRoute, NoGuard
from cronshift.targets.typescript import placing
from cronshift.targets.typescript.app import app_of, data_of
from cronshift.targets.typescript.calling import reach, without_get
from cronshift.targets.typescript.frameworks import CODED, framework_of, titles
from cronshift.targets.typescript.frameworks.nextjs import NEXTJS as NEXT

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
    from cronshift.targets.typescript.framework import AppFramework


class TypescriptTarget:
    """Functions in the app's own TypeScript, served by a route of the app."""

    name = "typescript"
    usual_out = "lib/inngest"
    taken_ids = frozenset({"index"})  # functions/index.ts lists the functions
    removes_unused = True  # the dispatcher has a route for every entry, and no other caller
    checks_types = True
    migrates_tables = True  # TypeScript makes no tables

    def trial(self, plan: Plan) -> str:
        """Return the command that runs it in the framework's own server, else in the app as it is started."""
        app = app_of(plan)
        if app.framework.dev_server is not None:
            return "cronshift run JOB --start"
        return f"cronshift run JOB --endpoint ADDRESS{app.endpoint_path}"

    def fit(self, project: Project, resolver: Resolver) -> Fit:
        """Return whether the project is an app of a framework that is known here."""
        framework = self._framework(resolver)
        if framework is None:
            uncertain = (each.uncertain(resolver) for each in CODED)
            why = next((reason for reason in uncertain if reason is not None), None)
            if why is not None:
                return DoesNotFit(f"{why}.", suits=True)
            *others, last = titles()
            if resolver.router is not None:
                return DoesNotFit(
                    f"this is an app of {resolver.router.name} in a version, or with components of a library,"
                    " that nothing is generated for.",
                    suits=True,
                )
            what = project.framework or "no framework"
            supported = " and ".join(filter(None, [", ".join(others), last]))
            return DoesNotFit(
                f"this is an app of {what}, and functions live in those of {supported}."
            )
        return placing.fit(framework, project, resolver)

    def place(self, project: Project, resolver: Resolver) -> Placement:
        """Return the placement of the files in the app."""
        return placing.place(self._framework(resolver) or NEXT, project, resolver)

    def _framework(self, resolver: Resolver) -> AppFramework | None:
        return framework_of(resolver)

    def module(self, placement: Placement, job_id: str) -> str:
        """Return the module of a job."""
        return f"{placement.out}/functions/{job_id}.{data_of(placement).routers.language}"

    def reach(self, placement: Placement, handler: Handler | None, entry: CronEntry) -> Reach:
        """Return whether a function can import a handler."""
        return reach(data_of(placement), handler, entry.path)

    def reach_without_get(self, reach: Reach) -> Reach:
        """Return HTTP: there is no ``GET`` to import."""
        return without_get(reach)

    def generate(self, plan: Plan) -> Sequence[GeneratedFile]:
        """Return the app's files, in its style."""
        from cronshift.targets.typescript.files import generate_app

        return generate_app(plan)

    def extend(self, root: Path, plan: Plan) -> Sequence[FileChange]:
        """Return the changes of package.json, env example and serve route."""
        from cronshift.targets.typescript.extending import extend_app

        return extend_app(root, plan)

    def hears_of_cancelled(self, plan: Plan) -> bool:
        """Return whether somebody waits for what became of a job."""
        from cronshift.targets.typescript.cancelled import hears_of_cancelled

        return hears_of_cancelled(plan)

    def guard(self, plan: Plan, job: Job) -> Guard:
        """Return the dispatcher's route for a job."""
        from cronshift.targets.typescript.dispatching import dispatcher_file

        file = dispatcher_file(plan, job)
        return NoGuard() if file is None else GuardRoute(file, app_of(plan).routers.base_path)

    def facts(self, subject: Subject) -> Iterable[Fact]:
        """Return the facts about the SDK, and about the environments that it runs in."""
        from cronshift.targets.typescript.facts import facts

        return facts(subject)

    def retire(self, before: Snapshot, jobs: Sequence[Job]) -> Retirement:
        """Return the end of entries and dispatcher, and the moves of routes to their functions."""
        from cronshift.targets.typescript.ending import end

        return end(before, jobs)

    def direct(
        self, before: Snapshot, ending: Sequence[Edit], jobs: Sequence[Job], wishes: Wishes
    ) -> Directing:
        """Return the change of the routes' modules into functions, and the rest of cronshift's behind it."""
        from cronshift.targets.typescript.directing import direct

        return direct(before, ending, jobs, wishes)

    def bring_back(
        self, project: Project, jobs: Sequence[str], past: Sequence[Operation]
    ) -> Sequence[Edit]:
        """Return the edits that move modules back to their routes; the rest is generated again."""
        from cronshift.targets.typescript.routes_back import routes_back

        return list(routes_back(project, jobs, past))

    def validate(
        self, root: Path, plan: Plan, *, compiles: bool
    ) -> tuple[Registration, Sequence[Finding]]:
        """Return the endpoint's registration; its source is read, and its types are checked."""
        from cronshift.targets.typescript.validating import validate_app

        return validate_app(root, plan, compiles=compiles)

    async def ask_running(self, subject: Subject, tell: Callable[[str], None]) -> Sequence[Fact]:
        """Return the facts that the app's own dev server shows, asked once for each path."""
        from cronshift.targets.typescript.asking import ask_running
        from cronshift.targets.typescript.dev_server import dev_server

        root = subject.project.root / app_of(subject.plan).folder
        base_url_env = subject.plan.bridge.base_url_env
        async with dev_server(
            root, {"INNGEST_DEV": "1"}, base_url_env, tell, framework=app_of(subject.plan).framework
        ) as url:
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
        from cronshift.targets.typescript.running import run_started

        return await run_started(root, plan, request, surroundings, tell)

    def scaffold(self, root: Path, flow: Flow, *, force: bool) -> Sequence[Edit]:
        """Return the edits that write the whole flow in TypeScript, and that have it served."""
        from cronshift.targets.typescript.session_scaffold import session_edits

        return session_edits(root, flow, self.name, force=force)

    def after_scaffold(self, paths: Sequence[str]) -> str:
        """Return the next step: the code to write, and the functions to serve."""
        from cronshift.targets.typescript.session_scaffold import next_steps

        return next_steps(paths)


class NextjsTarget(TypescriptTarget):
    """The same for Next.js alone, under the name that it has had from the beginning."""

    name = "nextjs"

    def fit(self, project: Project, resolver: Resolver) -> Fit:
        """Return whether the project is a Next.js app."""
        return placing.fit(NEXT, project, resolver)

    def _framework(self, resolver: Resolver) -> AppFramework | None:
        return NEXT


NEXTJS = NextjsTarget()
TYPESCRIPT = TypescriptTarget()

"""The Python target, as the rest of the house asks it; each answer comes from a module beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.plan.job_ids import module_name
from cronshift.targets.python.calling import reach
from cronshift.targets.target import Fits, GuardByHand, NoGuard, Placement

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
        Reach,
        Retirement,
        Wishes,
    )


class PythonTarget:
    """A package of functions, served by itself, that calls Python in process and all else by HTTP."""

    name = "python"
    usual_out = "inngest_app"
    taken_ids = frozenset[str]()
    removes_unused = False  # the user's code calls the guard
    checks_types = False
    migrates_tables = False

    def trial(self, plan: Plan) -> str:
        """Return the command that runs it in the package."""
        return "cronshift run JOB"

    def fit(self, project: Project, resolver: Resolver) -> Fit:
        """Return a fit for any project; the target suits where its package is already."""
        out = project.settings.out or self.usual_out
        is_there = (project.root / out / "asgi.py").is_file()
        return Fits(None if is_there else f"{out} is not there")

    def place(self, project: Project, resolver: Resolver) -> Placement:
        """Return the placement of the package, and the place where the app mounts its functions."""
        from cronshift.targets.python.serving import serving_of

        out = project.settings.out or self.usual_out
        return Placement(out, (ENDPOINT,), data=serving_of(project, resolver, out))

    def module(self, placement: Placement, job_id: str) -> str:
        """Return the module of a job."""
        return f"{placement.out}/jobs/{module_name(job_id)}.py"

    def reach(self, placement: Placement, handler: Handler | None, entry: CronEntry) -> Reach:
        """Return whether Python can call a handler."""
        return reach(handler)

    def reach_without_get(self, reach: Reach) -> Reach:
        """Return the same way: a request of another method can be made in process too."""
        return reach

    def generate(self, plan: Plan) -> Sequence[GeneratedFile]:
        """Return the package's files, and the guard."""
        from cronshift.targets.python.package import generate_package

        return generate_package(plan)

    def extend(self, root: Path, plan: Plan) -> Sequence[FileChange]:
        """Return the change of the app's requirements."""
        from cronshift.targets.python.extending import extend_python

        return extend_python(root, plan)

    def hears_of_cancelled(self, plan: Plan) -> bool:
        """Return whether there are jobs: the package has such a function then."""
        return bool(plan.runnable)

    def guard(self, plan: Plan, job: Job) -> Guard:
        """Return the guard in the app's own code, where that is Python."""
        is_python = job.handler is not None and job.handler.language == "python"
        return GuardByHand() if is_python else NoGuard()

    def facts(self, subject: Subject) -> Iterable[Fact]:
        """Return the facts about the app's packages and sources, and about the environments."""
        from cronshift.targets.python.facts import facts

        return facts(subject)

    def retire(self, before: Snapshot, jobs: Sequence[Job]) -> Retirement:
        """Return the end of entries, guard and the routes that only started work."""
        from cronshift.targets.python.retiring import retire

        return retire(before, jobs)

    def direct(
        self, before: Snapshot, ending: Sequence[Edit], jobs: Sequence[Job], wishes: Wishes
    ) -> Directing:
        """Return the change of all jobs of the package into the app's own."""
        from cronshift.targets.python.directing import direct

        return direct(before, ending, jobs, wishes)

    def bring_back(
        self, project: Project, jobs: Sequence[str], past: Sequence[Operation]
    ) -> Sequence[Edit]:
        """Return the edits that bring routes and guards back."""
        from cronshift.targets.python.retiring import bring_back

        return bring_back(project, jobs, past)

    def validate(
        self,
        root: Path,
        plan: Plan,
        *,
        compiles: bool,
    ) -> tuple[Registration, Sequence[Finding]]:
        """Return the package's registration; it is imported, in a process of its own."""
        from cronshift.engine.validation import check, inspect_package
        from cronshift.engine.validation.project import out_of_date
        from cronshift.targets.python.by_hand import by_hand
        from cronshift.targets.scaffold.unhandled import unhandled, waiting_label

        registered = by_hand(root, plan)
        if registered.functions and not (root / plan.out).is_dir():
            return registered, (*check(plan, registered), *unhandled(root, waiting_label(root)))
        registration = inspect_package(root, plan.out.replace("/", "."))
        if registered.functions and registration.functions is not None:
            functions = (*registration.functions, *registered.functions)
            registration = replace(registration, functions=functions, unread=registered.unread)
        findings = (*check(plan, registration), *out_of_date(root, plan))
        return registration, (*findings, *unhandled(root, waiting_label(root)))

    async def ask_running(self, subject: Subject, tell: Callable[[str], None]) -> Sequence[Fact]:
        """Refuse: how the app is started is its own."""
        from cronshift.targets.python.running import nothing_to_start

        raise nothing_to_start("cronshift validate --endpoint URL asks one that runs.")

    async def run(
        self,
        root: Path,
        plan: Plan,
        request: Request,
        surroundings: Surroundings,
        tell: Callable[[str], None],
    ) -> Outcome:
        """Run a function in this process, of the package or of one generated for this run only."""
        from cronshift.targets.python.running import run_in_process

        return await run_in_process(root, plan, request, surroundings)

    def scaffold(self, root: Path, flow: Flow, *, force: bool) -> Sequence[Edit]:
        """Return the edits that write the processor, and the types of the app's TypeScript."""
        from cronshift.targets.python.session_scaffold import python_edits

        return python_edits(root, flow.names)

    def after_scaffold(self, paths: Sequence[str]) -> str:
        """Return the code left to write: the processor."""
        return ", and write how an item is processed."


PYTHON = PythonTarget()

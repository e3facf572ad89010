"""The interface of targets.

A target is a guest. Everything that only it knows lives in its own folder, and the rest of the
house asks through :class:`Target`. To add one: a folder here with an object of that shape in it, and
a line in ``registry.py``. Nothing else changes; ``tests/integration/targets`` has one to copy.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
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


class GeneratedFile(Struct, frozen=True):
    """One file to write; ``path`` is POSIX, relative to the project's root."""

    path: str
    text: str


class Fits(Struct, frozen=True):
    """The target can be used.

    Attributes:
        unsuited: the reason why it is not chosen unasked, without a period; ``None`` where it is.
    """

    unsuited: str | None = None


class DoesNotFit(Struct, frozen=True):
    """The target cannot be used.

    Attributes:
        reason: a sentence.
        suits: whether the app is what it is made for all the same, so that who is given another is told.
    """

    reason: str
    suits: bool = False


Fit = Fits | DoesNotFit


class Placement(Struct, frozen=True):
    """The placement of a target's files in one project.

    Attributes:
        out: the folder of the generated files.
        called_paths: paths of its own that are called from outside.
        app_id: of the Inngest app, where the app's own code says it.
        data: what only the target itself knows; it comes back in ``Plan.data``.
    """

    out: str
    called_paths: tuple[str, ...]
    app_id: str | None = None
    data: object = None


class Direct(Struct, frozen=True):
    """A generated function can call the handler in process.

    Attributes:
        only: whether it has to, because nothing answers a request.
    """

    only: bool = False


class OverHttp(Struct, frozen=True):
    """A generated function can only bridge to the handler; ``reason`` says why, without a period."""

    reason: str


Reach = Direct | OverHttp


class GuardByHand(Struct, frozen=True):
    """The user puts the guard before the handler, so nothing tells whether it stands."""


class GuardRoute(Struct, frozen=True):
    """A generated route asks whose the tick is; the entry is pointed to it below the mount.

    Attributes:
        file: the route's source.
        base_path: what begins every path of the app; the mount comes behind it.
    """

    file: str
    base_path: str = ""


class NoGuard(Struct, frozen=True):
    """No guard can stand before the handler."""


Guard = GuardByHand | GuardRoute | NoGuard


class Retirement(Struct, frozen=True):
    """The end of Vercel's part of jobs: its edits, and the parts that stay, in sentences."""

    edits: Sequence[Edit]
    stays: Sequence[str] = ()


class CallerFate(StrEnum):
    """The fate of other callers of a route whose work becomes a function."""

    REFUSE = "refuse"
    """The route stays as it is, and so does its job."""
    EVENT = "event"
    """The route stays, and has the job done by an event."""
    TELL = "tell"
    """The route goes, and the user is told who is to send the event."""


class Wishes(Struct, frozen=True):
    """The wishes about jobs that become functions of the app's own.

    Attributes:
        steps: whether work becomes the durable steps that its code shows.
        callers: what becomes of a route that others call too.
    """

    steps: bool = False
    callers: CallerFate = CallerFate.REFUSE


class Directing(Struct, frozen=True):
    """The change of jobs into functions of the app's own, which do the work without HTTP.

    Attributes:
        edits: of the app's files, each path once.
        jobs: those that become so.
        kept: why the others stay as they are, in sentences, by job.
        notes: what is different from then on, in sentences.
    """

    edits: Sequence[Edit] = ()
    jobs: Sequence[str] = ()
    kept: Mapping[str, str] = {}
    notes: Sequence[str] = ()


class Target(Protocol):
    """One kind of code that functions are generated as.

    The methods stand in the order in which they are asked: planning, generating, guarding, retiring
    and bringing back, checking and running, the session flow.
    """

    @property
    def name(self) -> str:
        """The name of the target in ``--target`` and cronshift.toml."""

    @property
    def usual_out(self) -> str:
        """The folder of its files where neither the user nor the app says another."""

    @property
    def taken_ids(self) -> frozenset[str]:
        """The ids that no job may have, because the target needs files of those names."""

    @property
    def removes_unused(self) -> bool:
        """True when files no longer generated are deleted: no code of the user's calls them."""

    @property
    def checks_types(self) -> bool:
        """True when validating runs the project's own compiler, which takes a while."""

    @property
    def migrates_tables(self) -> bool:
        """True when a migration makes the flow's tables; else they are made when first written."""

    def trial(self, plan: Plan) -> str:
        """Return the command that tries the function of ``JOB`` before it is cut over.

        ``ADDRESS`` in it is where the developer has started the app.
        """

    def fit(self, project: Project, resolver: Resolver) -> Fit:
        """Return whether functions of this kind can live in a project."""

    def place(self, project: Project, resolver: Resolver) -> Placement:
        """Return the placement of the files."""

    def module(self, placement: Placement, job_id: str) -> str:
        """Return the file of a job's function."""

    def reach(self, placement: Placement, handler: Handler | None, entry: CronEntry) -> Reach:
        """Return a function's reach of a handler that answers an entry with GET."""

    def reach_without_get(self, reach: Reach) -> Reach:
        """Return the reach of a handler that answers no GET, given its reach otherwise."""

    def generate(self, plan: Plan) -> Iterable[GeneratedFile]:
        """Return the files of the plan's runnable jobs; pure.

        Raises:
            CronshiftError: for a plan that cannot be written so.
        """

    def extend(self, root: Path, plan: Plan) -> Sequence[FileChange]:
        """Return the changes of the app's own files that the generated ones need; only reads."""

    def hears_of_cancelled(self, plan: Plan) -> bool:
        """Return whether one of its functions hears which runs of a plan's jobs Inngest cancelled."""

    def guard(self, plan: Plan, job: Job) -> Guard:
        """Return the guard of a job."""

    def facts(self, subject: Subject) -> Iterable[Fact]:
        """Return the facts that only the target can look at."""

    def retire(self, before: Snapshot, jobs: Sequence[Job]) -> Retirement:
        """Return the end of Vercel's part of jobs: entries, guards and dead routes.

        Raises:
            RefusedError: if an entry stands where it cannot be taken out as text.
        """

    def direct(
        self, before: Snapshot, ending: Sequence[Edit], jobs: Sequence[Job], wishes: Wishes
    ) -> Directing:
        """Return the change of ended jobs into functions of the app's own.

        Args:
            before: the project as it is.
            ending: the edits that end Vercel's part of some of them.
            jobs: as they are planned after those.
            wishes: how they are to be so.
        """

    def bring_back(
        self, project: Project, jobs: Sequence[str], past: Sequence[Operation]
    ) -> Sequence[Edit]:
        """Return the edits that bring back the files that retiring the jobs removed.

        Raises:
            RefusedError: if a file that is to come back is not as it was left.
        """

    def validate(
        self, root: Path, plan: Plan, *, compiles: bool
    ) -> tuple[Registration, Sequence[Finding]]:
        """Return the registration of the generated files, and their findings.

        Raises:
            ConfigError: ``not-generated`` when there are none.
        """

    async def ask_running(self, subject: Subject, tell: Callable[[str], None]) -> Sequence[Fact]:
        """Return the facts that the app, started for that, shows to a caller without a cookie.

        Raises:
            CronshiftError: where there is no app that can be started.
        """

    async def run(
        self,
        root: Path,
        plan: Plan,
        request: Request,
        surroundings: Surroundings,
        tell: Callable[[str], None],
    ) -> Outcome:
        """Run one function to its end, where no endpoint is named.

        Raises:
            CronshiftError: where the functions cannot be run so.
        """

    def scaffold(self, root: Path, flow: Flow, *, force: bool) -> Sequence[Edit]:
        """Return the edits that write the target's part of the session flow.

        Raises:
            CronshiftError: for an app that it cannot be generated for.
        """

    def after_scaffold(self, paths: Sequence[str]) -> str:
        """Return the next step once the flow's files of those paths are written.

        It reads on from "correct [sessions] in cronshift.toml".
        """

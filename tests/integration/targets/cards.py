"""A third target, small enough to copy: one card of plain text a job, in a folder of its own.

It has all that a target has but a run: cards are read by people, who run jobs by hand. Its guard is
a card too, to which the entry is pointed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cronshift.engine.validation import FunctionConfig, Registration, check
from cronshift.engine.validation.project import out_of_date
from cronshift.errors import ConfigError, CronshiftError
from cronshift.handlers.tree import SourceTree
from cronshift.model import Location, Mode
from cronshift.moving.ending import each_once, staying
from cronshift.moving.entries import abandoned, regenerated, take_out
from cronshift.operations import Edit
from cronshift.targets import (
    Direct,
    Directing,
    DoesNotFit,
    Fits,
    GeneratedFile,
    GuardRoute,
    OverHttp,
    Placement,
    Retirement,
    Wishes,
)
from cronshift.targets.changes import FileAction, FileChange
from cronshift.targets.seal import seal
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from cronshift.engine.executor.engine import Surroundings
    from cronshift.engine.executor.job_run import Outcome, Request
    from cronshift.handlers import Resolver
    from cronshift.model import CronEntry, Finding, Handler, Job, Plan
    from cronshift.operations import Operation
    from cronshift.plan.snapshot import Snapshot
    from cronshift.project import Project
    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject
    from cronshift.targets.scaffold.rendering import Flow

BOX = "BOX.txt"


@dataclass(frozen=True, slots=True)
class Box:
    """What only this target knows of a project: the label of its box."""

    label: str


class Cards:
    """Jobs as cards of plain text, for a project that has a box for them."""

    name = "cards"
    usual_out = "cards"
    taken_ids = frozenset({"contents"})
    removes_unused = True
    checks_types = False
    migrates_tables = False

    def trial(self, plan: Plan) -> str:
        return "read the cards"

    def fit(self, project: Project, resolver: Resolver) -> Fits | DoesNotFit:
        if (project.root / BOX).is_file():
            return Fits()
        return DoesNotFit(f"there is no {BOX}.")

    def place(self, project: Project, resolver: Resolver) -> Placement:
        label = resolver.tree.read(BOX).partition("\n")[0]
        return Placement(project.settings.out or self.usual_out, (MOUNT,), data=Box(label))

    def module(self, placement: Placement, job_id: str) -> str:
        return f"{placement.out}/drawer/{job_id}.txt"

    def reach(
        self, placement: Placement, handler: Handler | None, entry: CronEntry
    ) -> Direct | OverHttp:
        return OverHttp("paper calls nobody") if "check" in entry.path else Direct()

    def reach_without_get(self, reach: Direct | OverHttp) -> Direct | OverHttp:
        return reach

    def generate(self, plan: Plan) -> Iterable[GeneratedFile]:
        assert isinstance(plan.data, Box)
        names = "".join(f"{job.id}\n" for job in plan.runnable)
        yield GeneratedFile(f"{plan.out}/contents.txt", seal(f"{plan.data.label}\n{names}"))
        for job in plan.runnable:
            trigger = job.schedule.trigger if job.schedule else ""
            text = f"{plan.app_id}\n{job.id}\n{trigger}\n{job.mode}\n"
            yield GeneratedFile(f"{plan.out}/drawer/{job.id}.txt", seal(text))
            if job.entry.origin != "moved":
                yield GeneratedFile(_guard(plan, job), seal(f"Ask whose tick it is: {job.id}\n"))

    def extend(self, root: Path, plan: Plan) -> Sequence[FileChange]:
        data = (root / BOX).read_bytes()
        before = data.decode()
        line = f"cards are in {plan.out}\n"
        if line in before:
            return ()
        return (FileChange(BOX, FileAction.UPDATE, before, before + line, data),)

    def hears_of_cancelled(self, plan: Plan) -> bool:
        return False

    def guard(self, plan: Plan, job: Job) -> GuardRoute:
        return GuardRoute(_guard(plan, job))

    def facts(self, subject: Subject) -> Sequence[Fact]:
        """Return nothing: cards depend on nothing."""
        return ()

    def retire(self, before: Snapshot, jobs: Sequence[Job]) -> Retirement:
        planned = take_out(before.project, jobs)
        gone, _ = abandoned(before, planned)
        edits = [*planned, *each_once(regenerated(before, planned), gone)]
        return Retirement(edits, list(staying(before.project, jobs, ())))

    def direct(
        self, before: Snapshot, ending: Sequence[Edit], jobs: Sequence[Job], wishes: Wishes
    ) -> Directing:
        return Directing(kept={job.id: "paper does no work" for job in jobs})

    def bring_back(
        self, project: Project, jobs: Sequence[str], past: Sequence[Operation]
    ) -> Sequence[Edit]:
        return ()

    def validate(
        self, root: Path, plan: Plan, *, compiles: bool
    ) -> tuple[Registration, Sequence[Finding]]:
        tree = SourceTree(root)
        cards = sorted(file for file in tree.files if file.startswith(f"{plan.out}/drawer/"))
        if not cards:
            raise ConfigError(
                "There are no cards.", reason="not-generated", hint="cronshift migrate"
            )
        functions = tuple(_function(tree.read(card), card) for card in cards)
        registration = Registration(plan.app_id, None, functions, len(functions))
        return registration, [*check(plan, registration), *out_of_date(root, plan)]

    async def ask_running(self, subject: Subject, tell: Callable[[str], None]) -> Sequence[Fact]:
        raise CronshiftError("Paper answers nobody.", reason="usage")

    async def run(
        self,
        root: Path,
        plan: Plan,
        request: Request,
        surroundings: Surroundings,
        tell: Callable[[str], None],
    ) -> Outcome:
        raise CronshiftError("Cards are run by hand.", reason="needs-endpoint")

    def scaffold(self, root: Path, flow: Flow, *, force: bool) -> Sequence[Edit]:
        return [Edit("cards/flow.txt", f"{flow.names.flow}\n".encode())]

    def after_scaffold(self, paths: Sequence[str]) -> str:
        return f", and read {paths[-1]}."


def _guard(plan: Plan, job: Job) -> str:
    return f"{plan.out}/guards/{job.id}.txt"


def _function(card: str, file: str) -> FunctionConfig:
    _, app_id, job, trigger, mode = card.splitlines()
    assert mode in list(Mode)
    step = {"name": "step", "runtime": {"url": "http://localhost/cards"}}
    wire = {"id": f"{app_id}-{job}", "name": job, "triggers": [{"cron": trigger}]}
    return FunctionConfig.from_wire({**wire, "steps": {"step": step}}, Location(file, 1))

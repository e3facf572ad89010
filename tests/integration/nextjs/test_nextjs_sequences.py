"""Whatever is done to a Next.js app, in whatever order: no job is lost, and what does not fit is told."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from msgspec.structs import replace

from cronshift.errors import CronshiftError
from cronshift.model import Origin
from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.moving.status import read_status
from cronshift.operations import Operation, apply, new_operation_id, read_operation, revert
from cronshift.plan.planning import make_plan
from cronshift.project import Project, load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import Owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Job

START = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
OWNERSHIP = "cronshift.ownership.json"
ROUTE = """import {{ work }} from "{up}lib/work";

export async function GET() {{
  return Response.json(await work("{name}"));
}}
"""
PAGE = """import type {{ NextApiRequest, NextApiResponse }} from "next";
import {{ work }} from "../../../lib/work";

export default async function handler(_: NextApiRequest, response: NextApiResponse) {{
  response.json(await work("{name}"));
}}
"""
FILES = {
    "package.json": '{ "dependencies": { "next": "^16.0.0", "inngest": "^4.0.0" } }\n',
    "tsconfig.json": '{ "compilerOptions": { "strict": true, "resolveJsonModule": true } }\n',
    "lib/work.ts": "export async function work(name: string) {\n  return { name };\n}\n",
    "app/api/cron/alpha/route.ts": ROUTE.format(up="../../../../", name="alpha"),
    "app/(jobs)/api/cron/beta/route.ts": ROUTE.format(up="../../../../../", name="beta"),
    "pages/api/cron/gamma.ts": PAGE.format(name="gamma"),
    "cronshift.toml": '[project]\ntarget = "nextjs" # ours\n',
}
ENTRIES = [
    {"path": "/api/cron/alpha", "schedule": "0 6 * * *"},
    {"path": "/api/cron/beta", "schedule": "0 */4 * * *"},
    {"path": "/api/cron/gamma", "schedule": "30 2 * * *"},
    {"path": "/api/cron/beta?deep=1&source=a%2Fb", "schedule": "30 3 * * 1"},
]
LAYOUTS: tuple[Callable[[list[dict[str, str]]], str], ...] = (
    lambda entries: json.dumps({"crons": entries}, indent=2) + "\n",
    lambda entries: json.dumps({"crons": entries, "regions": ["fra1"]}),
    lambda entries: json.dumps({"a": 1, "crons": entries}, indent="\t").replace("\n", "\r\n"),
    lambda entries: json.dumps({"crons": entries}, indent=1).replace("/", "\\/"),
    lambda entries: json.dumps({"crons": entries}).replace("/api", "\\u002fap\\u0069"),
    lambda entries: (
        '{ "crons":\n ['
        + " ,\n".join(
            f'{{"schedule" :"{one["schedule"]}",\n\n "path":  "{one["path"]}"}}'
            if number % 2
            else json.dumps(one)
            for number, one in enumerate(entries)
        )
        + '\n\n] , "regions":["fra1"]}'
    ),
)
GET_BETA = FILES["app/(jobs)/api/cron/beta/route.ts"]
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']*)["']""")
NAMES = st.sampled_from(["alpha", "beta", "gamma", "beta-deep"])


def tree(root: Path) -> dict[str, bytes]:
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and ".cronshift" not in file.parts
    }


def unresolved(root: Path) -> list[str]:
    """The relative imports of an app's modules that lead to no file."""
    lost = []
    for file in root.rglob("*.ts"):
        for match in IMPORT.finditer(file.read_text()):
            target = file.parent / match[1]
            candidates = [Path(f"{target}.ts"), target / "index.ts"]
            candidates += [target] if target.suffix == ".json" else []
            if not any(one.is_file() for one in candidates):
                lost.append(f"{file.relative_to(root)}: {match[1]}")
    return lost


class Moving(RuleBasedStateMachine):
    """An app, its operator and its developer."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.now = START
        self.entries = list(ENTRIES)
        self.edited = False  # vercel.json, by hand
        self.broken = False  # generated files, by hand
        self.ids: dict[tuple[str, str], str] = {}

    def teardown(self) -> None:
        self._finish()
        shutil.rmtree(self.root)

    @initialize(layout=st.sampled_from(LAYOUTS))
    def migrate_first(self, layout: Callable[[list[dict[str, str]]], str]) -> None:
        for name, text in FILES.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        self.original = layout(self.entries).encode()
        (self.root / "vercel.json").write_bytes(self.original)
        self._apply(prepare_migration(self.project, (), self.now).operation)
        self.ids = {self._key(job): job.id for job in self._jobs}
        self.made = tree(self.root)

    # What the operator does

    @rule(names=st.sets(NAMES, min_size=1), percent=st.sampled_from([0, 10, 50, 100, 100]))
    def cut_over(self, names: set[str], percent: int) -> None:
        self._do(lambda jobs: prepare_cutover(self.project, jobs, self.now, percent=percent), names)

    @rule(names=st.sets(NAMES, min_size=1), percent=st.sampled_from([0, 100]))
    def deploy(self, names: set[str], percent: int) -> None:
        self.now = self.now.replace(hour=0, minute=35)
        self._do(
            lambda jobs: prepare_cutover(
                self.project,
                jobs,
                self.now,
                percent=percent,
                handover=Handover.DEPLOY,
                deploy=timedelta(minutes=5),
            ),
            names,
        )

    @rule(names=st.sets(NAMES, min_size=1))
    def finalize(self, names: set[str]) -> None:
        self.now += timedelta(days=15)
        self._do(
            lambda jobs: prepare_finalization(self.project, jobs, self.now, lambda *_: True), names
        )

    @rule()
    def finalize_all(self) -> None:
        for name in ("alpha", "beta", "gamma", "beta-deep"):
            self._do(lambda jobs: prepare_cutover(self.project, jobs, self.now), {name})
        self.finalize({"alpha", "beta", "gamma", "beta-deep"})

    @rule(names=st.sets(NAMES))
    def roll_back(self, names: set[str]) -> None:
        before = [job for job in self._jobs if self._wrong(job)]
        self._do(lambda jobs: prepare_rollback(self.project, jobs, self.now), names, must=True)
        if not (before or self.broken):
            assert [self._wrong(job) for job in self._jobs] == [None] * len(self._jobs)

    @rule()
    def migrate_again(self) -> None:
        self._apply(prepare_migration(self.project, (), self.now, only_look=True).operation)
        if not self._hand_made():
            self.broken = False

    # What the developer does

    @rule(layout=st.sampled_from(LAYOUTS))
    def reformat(self, layout: Callable[[list[dict[str, str]]], str]) -> None:
        document = json.loads((self.root / "vercel.json").read_text())
        if "crons" in document:
            (self.root / "vercel.json").write_text(layout(document["crons"]), newline="")
            self.edited = True

    @precondition(lambda self: len(self.entries) < 6)
    @rule(first=st.booleans())
    def add_an_entry(self, first: bool) -> None:
        name = f"new{len(self.entries)}"
        route = self.root / f"app/api/cron/{name}/route.ts"
        route.parent.mkdir(parents=True)
        route.write_text(ROUTE.format(up="../../../../", name=name))
        document = json.loads((self.root / "vercel.json").read_text())
        entry = {"path": f"/api/cron/{name}", "schedule": "0 5 * * *"}
        document.setdefault("crons", []).insert(0 if first else 99, entry)
        (self.root / "vercel.json").write_text(json.dumps(document, indent=2))
        self.entries.append(entry)
        self.edited = True

    @rule(data=st.data())
    def edit_a_moved_module(self, data: st.DataObject) -> None:
        files = sorted(self.root.glob("lib/inngest/jobs/*.ts"))
        if files:
            self._append(data.draw(st.sampled_from(files)))

    @rule(data=st.data())
    def edit_a_generated_file(self, data: st.DataObject) -> None:
        files = sorted(
            file
            for folder in ("lib/inngest/functions", "app/api/cronshift", "pages/api/cronshift")
            for file in (self.root / folder).rglob("*.ts")
            if file.name != "index.ts"
        )
        if files:
            self._append(data.draw(st.sampled_from(files)))

    @rule(data=st.data())
    def delete_a_dispatcher(self, data: st.DataObject) -> None:
        files = sorted(self.root.glob("*/api/cronshift/**/*.ts"))
        if files:
            data.draw(st.sampled_from(files)).unlink()
            self.broken = True

    @rule(days=st.integers(0, 20))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days, minutes=1)

    # What holds all the while

    @invariant()
    def every_entry_is_a_job(self) -> None:
        expected = sorted((one["path"], one["schedule"]) for one in self.entries)
        assert sorted(map(self._key, self._jobs)) == expected

    @invariant()
    def every_job_keeps_its_name(self) -> None:
        for job in self._jobs:
            assert job.id == self.ids.setdefault(self._key(job), job.id)

    @invariant()
    def no_import_leads_nowhere(self) -> None:
        assert unresolved(self.root) == []

    @invariant()
    def what_runs_twice_or_never_is_told(self) -> None:
        told = "\n".join(read_status(self.project, self.now).drift)
        for job in self._jobs:
            wrong = self._wrong(job)
            assert not wrong or job.id in told, (job.id, wrong, told)

    # How

    @property
    def project(self) -> Project:
        return load_project(self.root)

    @property
    def _jobs(self) -> tuple[Job, ...]:
        return make_plan(self.project).jobs

    @staticmethod
    def _key(job: Job) -> tuple[str, str]:
        return job.entry.path, job.entry.schedule

    def _wrong(self, job: Job) -> str | None:
        """What becomes of the job's coming ticks, if not exactly one side runs each."""
        entries = json.loads((self.root / "vercel.json").read_text()).get("crons", [])
        called = [
            one["path"]
            for one in entries
            if one["path"].replace("/api/cronshift", "", 1) == job.entry.path
            and one["schedule"] == job.entry.schedule
        ]
        guarded = called and called[0].startswith("/api/cronshift/")
        name = PurePosixPath(job.entry.path.partition("?")[0])
        routers = ("app", "app/(jobs)", "pages")
        there = "api/cronshift" if guarded else ""
        answered = any(
            (self.root / router / there / f"{str(name)[1:]}{end}").is_file()
            for router in routers
            for end in (".ts", "/route.ts")
        )
        index = (self.root / "lib/inngest/functions/index.ts").read_text()
        served = f"./{job.id}" in index
        ownership = read_ownership(self.root)
        assert job.schedule
        for tick, _ in zip(job.schedule.after(self.now), range(8), strict=False):
            inngests = ownership.owner(job.id, tick) is Owner.INNGEST
            sides = bool(called and answered and not (guarded and inngests)) + (served and inngests)
            if sides != 1:
                return f"{sides} sides run {tick}"
        return None

    def _append(self, file: Path) -> None:
        file.write_text(file.read_text() + "// mine\n")
        if "/jobs/" not in str(file):
            self.broken = True

    def _hand_made(self) -> bool:
        return any(
            "// mine" in text.decode()
            for name, text in tree(self.root).items()
            if "jobs/" not in name
        )

    def _do(
        self, prepare: Callable[[list[str]], object], names: set[str], *, must: bool = False
    ) -> None:
        known = [job.id for job in self._jobs]
        deep = next((name for name in known if name.startswith("beta-")), "beta")
        jobs = sorted({deep if name == "beta-deep" else name for name in names} & set(known))
        before = tree(self.root)
        try:
            operation: Operation = prepare(jobs).operation  # type: ignore[attr-defined] # all have one
        except CronshiftError as error:
            assert error.hint
            # A route and a twin's module of it, changed apart: which of them is meant?
            assert not must or error.reason == "route-changed", error
            assert tree(self.root) == before
            return
        self._apply(operation)

    def _apply(self, operation: Operation) -> None:
        """Do it, take it back, and do it again."""
        if not operation.changes:
            return
        before = tree(self.root)
        apply(self.root, operation)
        after = tree(self.root)
        revert(self.root, read_operation(self.root, operation.id))
        assert tree(self.root) == before
        self.now += timedelta(minutes=1)
        apply(self.root, replace(operation, id=new_operation_id(self.now)))
        self.now += timedelta(minutes=1)
        assert tree(self.root) == after

    def _finish(self) -> None:
        if not self.ids:
            return
        self.now += timedelta(days=1)
        self.roll_back(set())
        self.now += timedelta(hours=2)  # all ticks are Vercel's: the guard goes by
        self.roll_back(set())
        if any(job.entry.origin is Origin.MOVED for job in self._jobs):
            return  # refused, see there
        self.every_entry_is_a_job()
        self.no_import_leads_nowhere()
        config = (self.root / "vercel.json").read_bytes()
        assert b"cronshift" not in config
        if not self.edited:
            assert config == self.original
        if not self.edited and not self.broken:
            routes = {name: data for name, data in self.made.items() if name != OWNERSHIP}
            now = tree(self.root)
            assert {name: now[name].replace(b"// mine\n", b"") for name in routes} == routes


TestMoving = Moving.TestCase
TestMoving.settings = settings(
    max_examples=12,
    stateful_step_count=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # what fails is short enough as it is
    suppress_health_check=list(HealthCheck),
)

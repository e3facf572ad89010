"""Ways back that cross: twins one by one, files changed by hand, entries put back by hand."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.errors import RefusedError
from cronshift.model import Mode
from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.moving.status import read_status
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .test_nextjs_sequences import ENTRIES, FILES, GET_BETA, tree, unresolved

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 11, 23, 0, 35, tzinfo=UTC)
LATER = START + timedelta(days=30)
TWIN = "beta-1"
BETA = "app/(jobs)/api/cron/beta/route.ts"
ALL = ("alpha", "beta", "gamma", TWIN)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app whose jobs are all Inngest's."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    write(tmp_path, ENTRIES)
    do(tmp_path, prepare_migration, ())
    do(tmp_path, prepare_cutover, ())
    return tmp_path


def write(root: Path, entries: list[dict[str, str]]) -> None:
    (root / "vercel.json").write_text(json.dumps({"crons": entries}, indent=2) + "\n")


def do(root: Path, prepare: Any, jobs: tuple[str, ...], now: datetime = START, *more: Any) -> Any:
    prepared = prepare(load_project(root), jobs, now, *more)
    apply(root, prepared.operation)
    return prepared


def finalize(root: Path, *jobs: str, now: datetime = LATER) -> tuple[str, ...]:
    stays: tuple[str, ...] = do(root, prepare_finalization, jobs, now, lambda *_: True).stays
    return stays


def roll_back(root: Path, *jobs: str, days: int = 1) -> None:
    for hours in (0, 2):  # the guard goes by once all ticks are Vercel's
        do(root, prepare_rollback, jobs, LATER + timedelta(days=days, hours=hours))


def change(file: Path) -> None:
    file.write_text(file.read_text() + "// mine\n")


def drift(root: Path) -> tuple[str, ...]:
    return read_status(load_project(root), LATER + timedelta(days=9)).drift


@pytest.mark.parametrize("order", [("beta", TWIN), (TWIN, "beta")])
def test_twins_that_go_one_by_one_keep_their_names_and_their_route(
    app: Path, order: tuple[str, str]
) -> None:
    for job in order:
        stays = finalize(app, job)
        other = next(one for one in order if one != job)
        assert stays[0] == f"{BETA} stays: {other} still calls it."
        plan = make_plan(load_project(app))
        assert {one.id: one.mode for one in plan.jobs} == dict.fromkeys(ALL, Mode.DIRECT)
        assert drift(app) == ()
    for number, job in enumerate(order):
        roll_back(app, job, days=number + 1)
    roll_back(app, days=3)
    assert json.loads((app / "vercel.json").read_text()) == {"crons": ENTRIES}


def test_a_twin_goes_back_to_the_route_that_the_other_brought_back(app: Path) -> None:
    finalize(app)
    roll_back(app, TWIN)
    assert (app / "lib/inngest/jobs/beta.ts").is_file()
    roll_back(app, "beta", days=2)
    assert not (app / "lib/inngest/jobs/beta.ts").exists()
    assert (app / BETA).read_text() == GET_BETA
    assert unresolved(app) == []


def test_two_modules_of_one_route_are_one_route_again(app: Path) -> None:
    finalize(app)
    roll_back(app, TWIN)
    do(app, prepare_cutover, (TWIN,), LATER + timedelta(days=2))
    finalize(app, TWIN, now=LATER + timedelta(days=20))
    assert not (app / BETA).exists()
    roll_back(app, days=21)
    assert (app / BETA).read_text() == GET_BETA
    assert not (app / "lib/inngest/jobs").exists()
    assert unresolved(app) == []


def test_a_function_changed_by_hand_finds_the_route_that_went_back(app: Path) -> None:
    finalize(app)
    for job in ("alpha", "gamma"):
        change(app / f"lib/inngest/functions/{job}.ts")
    roll_back(app)
    assert unresolved(app) == []
    assert (app / "lib/inngest/jobs/alpha.ts").read_text() == (
        'export * from "../../../app/api/cron/alpha/route";\n'
    )
    assert (app / "lib/inngest/jobs/gamma.ts").read_text() == (
        'export * from "../../../pages/api/cron/gamma";\n'
        'export { default } from "../../../pages/api/cron/gamma";\n'
    )
    assert drift(app) == ()


def test_a_dispatcher_changed_by_hand_keeps_what_it_imports(app: Path) -> None:
    route = "app/api/cronshift/api/cron/alpha/route.ts"
    change(app / route)
    stays = finalize(app)
    assert any(line.startswith("app/api/cron/alpha/route.ts stays") for line in stays)
    assert f"{route} is no longer needed, but was changed by hand." in stays
    assert (app / "lib/inngest/cronshift/guard.ts").is_file()
    assert not (app / "pages/api/cronshift").exists()
    assert unresolved(app) == []


def test_a_page_that_is_a_folders_index_stays_where_it_is_imported(app: Path) -> None:
    (app / "pages/api/cron/gamma").mkdir()
    page = app / "pages/api/cron/gamma.ts"
    (app / "pages/api/cron/gamma/index.ts").write_text(page.read_text().replace("../", "../../", 1))
    page.unlink()
    (app / "pages/api/again.ts").write_text('export { default } from "./cron/gamma";\n')
    do(app, prepare_migration, ())
    assert finalize(app)[0] == (
        "pages/api/cron/gamma/index.ts stays: it is imported by pages/api/again.ts:1."
    )


def test_a_deploy_that_gives_ticks_back_brings_the_routes_too(app: Path) -> None:
    before = tree(app)
    finalize(app)
    quiet = (LATER + timedelta(days=1)).replace(hour=0, minute=35)
    prepared = prepare_cutover(
        load_project(app),
        (),
        quiet,
        percent=0,
        handover=Handover.DEPLOY,
        deploy=timedelta(minutes=5),
    )
    apply(app, prepared.operation)
    assert {name: tree(app)[name] for name in FILES} == {name: before[name] for name in FILES}
    assert unresolved(app) == []
    assert drift(app) == ()


def test_an_entry_put_back_by_hand_is_told_and_not_doubled(app: Path) -> None:
    finalize(app)
    write(app, ENTRIES[:1])
    (told,) = drift(app)
    assert told.startswith("alpha is Inngest's at 100 %")
    assert told.endswith("has an entry for /api/cron/alpha again: both sides run those ticks.")
    roll_back(app, "alpha")
    assert json.loads((app / "vercel.json").read_text()) == {"crons": ENTRIES[:1]}
    assert drift(app) == ()


def test_without_its_record_a_module_does_not_lose_its_route(app: Path) -> None:
    finalize(app)
    shutil.rmtree(app / ".cronshift")
    before = tree(app)
    with pytest.raises(RefusedError) as caught:
        roll_back(app)
    assert (caught.value.reason, caught.value.where) == (
        "route-changed",
        "lib/inngest/jobs/alpha.ts",
    )
    assert tree(app) == before


def test_what_only_a_build_had_is_not_edited_in_its_stead(app: Path) -> None:
    built = app / ".vercel/output/config.json"
    built.parent.mkdir(parents=True)
    crons = [{"path": "/api/cronshift/api/cron/old", "schedule": "7 7 * * *"}]
    built.write_text(json.dumps({"version": 3, "crons": crons}))
    roll_back(app)
    assert json.loads((app / "vercel.json").read_text()) == {"crons": ENTRIES}

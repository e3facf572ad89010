"""``finalize --direct`` and ``forget`` through the real entry point: what they show, and what they say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project

from .conftest import Cronshift

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
CLEAN = "export async function GET() {\n  return Response.json({ cleaned: true });\n}\n"
STREAM = "export async function GET() {\n  return new Response(rows());\n}\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app of two jobs, all of whose ticks are Inngest's; one of them streams."""
    return moved(tmp_path, {"clean": CLEAN, "stream": STREAM})


def moved(root: Path, routes: dict[str, str], others: str = "") -> Path:
    """Return an app with routes, all of whose ticks are Inngest's; ``others`` stand in its configuration too."""
    for name, text in routes.items():
        route = root / f"app/api/cron/{name}/route.ts"
        route.parent.mkdir(parents=True)
        route.write_text(text)
    crons = [{"path": f"/api/cron/{name}", "schedule": "0 * * * *"} for name in routes]
    (root / "vercel.json").write_text(f'{{{others}"crons": {json.dumps(crons)}}}\n')
    (root / "tsconfig.json").write_text("{}\n")
    (root / "package.json").write_text(
        '{"dependencies": {"next": "16.4.6", "inngest": "4.24.0"}}\n'
    )
    operations.apply(root, prepare_migration(load_project(root), (), LONG_AGO).operation)
    cutover = prepare_cutover(load_project(root), (), LONG_AGO, percent=100)
    operations.apply(root, cutover.operation)
    return root


FINALIZE = ("finalize", "--all", "--ticks-ran")


@pytest.fixture
def finishing(app: Path) -> Cronshift:
    return Cronshift(app)


def test_a_dry_run_shows_the_diff_and_what_stays_with_its_line(finishing: Cronshift) -> None:
    shown = finishing(*FINALIZE, "--direct", "--dry-run")
    assert shown.code == 0, shown.err
    assert "+async function work() {" in shown.out
    assert "+  return { cleaned: true };" in shown.out
    words = " ".join(shown.err.split())
    assert "stream stays as it is. lib/inngest/jobs/stream.ts:2: answers with `rows()`" in words
    assert (finishing.folder / "app/api/cron/clean/route.ts").read_text() == CLEAN


SESSION = """import { cookies, headers } from "next/headers";
export const visitor = async () => (await cookies()).get("visitor");
export const caller = async () => (await headers()).get("authorization");
export const rows = async () => [1];
"""


@pytest.mark.parametrize(
    ("asked", "is_taken"), [("rows", True), ("visitor", True), ("caller", False)]
)
def test_work_beside_what_asks_next_for_its_caller_is_taken_where_it_hears_the_same(
    tmp_path: Path, asked: str, is_taken: bool
) -> None:
    """Neither Vercel's cron nor Inngest sends cookies, and Inngest no bearer."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/session.ts").write_text(SESSION)
    importing = f'import {{ {asked} }} from "../../../../lib/session";\n'
    app = moved(tmp_path, {"clean": importing + CLEAN.replace("true", f"await {asked}()")})
    route, own = app / "app/api/cron/clean/route.ts", app / "lib/inngest/jobs/clean.ts"
    before = route.read_bytes()
    finishing = Cronshift(app)
    done = finishing(*FINALIZE, "--direct", "--yes", "--json").document
    assert (done.get("direct") == ["clean"]) is is_taken, done
    assert route.exists() is not is_taken
    if is_taken:
        assert f"return {{ cleaned: await {asked}() }};" in own.read_text()
        assert finishing("rollback", "clean", "--yes").code == 0
        assert route.read_bytes() == before
    else:
        assert "asks for its caller's headers, in lib/session.ts:3" in done["kept"]["clean"]


POSTED = """
export async function POST(request: Request) {
  return Response.json(await request.json());
}
"""


def test_a_method_that_does_other_work_stays_in_the_route(tmp_path: Path) -> None:
    app = moved(tmp_path, {"clean": f"{CLEAN}{POSTED}"})
    route, own = app / "app/api/cron/clean/route.ts", app / "lib/inngest/jobs/clean.ts"
    before = route.read_bytes()
    finishing = Cronshift(app)
    done = finishing(*FINALIZE, "--direct", "--yes")
    assert done.code == 0, done.err
    assert route.read_text() == POSTED.lstrip()
    assert "POST" not in own.read_text()
    assert "app/api/cron/clean/route.ts: its other methods alone" in done.out
    assert finishing("rollback", "clean", "--yes").code == 0
    assert route.read_bytes() == before


SCHEMA = '"$schema": "https://openapi.vercel.sh/vercel.json", '


@pytest.mark.parametrize(
    ("others", "deploying", "left"),
    [
        ("", "deploy", None),
        (SCHEMA, "deploy", None),
        ("", "deploy -A vercel.json", "{}\n"),
        ('"regions": ["fra1"], ', "deploy", '{"regions": ["fra1"]}\n'),
    ],
    ids=["entries alone", "and a schema", "named elsewhere", "and more"],
)
def test_a_configuration_that_had_nothing_but_entries_goes_with_the_last(
    tmp_path: Path, others: str, deploying: str, left: str | None
) -> None:
    app = moved(tmp_path, {"clean": CLEAN}, others)
    script, config = app / "deploy.sh", app / "vercel.json"
    script.write_text(f"vercel {deploying}\n")
    before, finishing = config.read_bytes(), Cronshift(app)
    assert finishing(*FINALIZE, "--yes").code == 0
    assert config.exists()
    alone = config.read_bytes()
    done = finishing(*FINALIZE, "--direct", "--yes")
    assert done.code == 0, done.err
    assert (config.read_text() if config.exists() else None) == left
    assert finishing("status").code in {0, 1}
    assert finishing("rollback", "--all", "--yes").code == 0
    assert config.read_bytes() == alone
    assert finishing("rollback", "--all", "--yes").code == 0
    assert config.read_bytes() == before


def test_a_configuration_that_was_empty_before_is_not_ours_to_remove(tmp_path: Path) -> None:
    app = moved(tmp_path, {"clean": CLEAN})
    finishing = Cronshift(app)
    assert finishing(*FINALIZE, "--yes").code == 0
    (app / "vercel.json").write_text("{ }\n")
    done = finishing(*FINALIZE, "--direct", "--yes")
    assert done.code == 0, done.err
    assert (app / "vercel.json").read_text() == "{ }\n"


WRAPPER = """/** Around a route: withRun(work). */
export const withRun = (work: () => Promise<object>) => async (request: Request) => {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json({ ran: await work() });
};
"""
IN_PLACE = """/** Around a route: withRun(work). */
export const withRun = (work: () => Promise<object>) => async () => {
  return { ran: await work() };
};
"""
WRAPPED = """import { withRun } from "../../../../lib/runs";
export const GET = withRun(async () => ({}));
"""
ALL, ONE = ("finalize", "--all"), ("finalize", "clean")


@pytest.mark.parametrize(
    ("other", "named", "is_alone"),
    [
        ("", ALL, True),
        ("", ONE, False),
        ('import { withRun } from "../lib/runs";\n', ALL, False),
        ('import * as runs from "../lib/runs";\n', ALL, False),
        (
            'import * as path from "node:path";\nimport type { Kept } from "../lib/runs";\n',
            ALL,
            True,
        ),
    ],
    ids=["all", "one of two", "imported elsewhere", "imported whole", "another name of it"],
)
def test_a_wrapper_changes_in_its_place_where_all_who_call_it_are_the_apps_own(
    tmp_path: Path, other: str, named: tuple[str, ...], *, is_alone: bool
) -> None:
    for folder in ("lib", "app"):
        (tmp_path / folder).mkdir()
    (tmp_path / "lib/runs.ts").write_text(WRAPPER)
    (tmp_path / "app/now.ts").write_text(f"{other}export const now = 1;\n")
    finishing = Cronshift(moved(tmp_path, {"clean": WRAPPED, "sweep": WRAPPED}))
    done = finishing(*named, "--ticks-ran", "--direct", "--yes")
    assert done.code == 0, done.err
    text, name = (
        (tmp_path / "lib/runs.ts").read_text(),
        "withRun" if is_alone else "withRunDirectly",
    )
    beside = f"{WRAPPER}\n{IN_PLACE.replace('const withRun', f'const {name}')}"
    assert text == (IN_PLACE if is_alone else beside)
    own = (tmp_path / "lib/inngest/jobs/clean.ts").read_text()
    assert f"const work = {name}(async () => ({{}}));" in own
    assert finishing("rollback", "clean", "--yes").code == 0
    assert (tmp_path / "lib/runs.ts").read_text() == WRAPPER
    assert (tmp_path / "app/api/cron/clean/route.ts").read_text() == WRAPPED


def test_it_is_offered_where_it_is_certain(finishing: Cronshift) -> None:
    words = " ".join(finishing(*FINALIZE, "--dry-run").err.split())
    assert "Their work can be done without HTTP: cronshift finalize clean --direct" in words
    assert "stream stays as it is" not in words


def test_a_program_is_told_which_jobs_are_the_apps_own_and_why_others_are_not(
    finishing: Cronshift,
) -> None:
    done = finishing(*FINALIZE, "--direct", "--yes", "--json")
    assert done.code == 0, done.err
    assert done.document["intent"] == "direct"
    assert done.document["direct"] == ["clean"]
    assert list(done.document["kept"]) == ["stream"]
    refused = finishing("forget", "--yes")
    assert refused.code == 3
    assert "still has a part in stream" in " ".join(refused.err.split())
    back = finishing("rollback", "clean", "--yes")
    assert back.code == 0, back.err
    assert (finishing.folder / "app/api/cron/clean/route.ts").read_text() == CLEAN


def test_steps_without_direct_are_refused(finishing: Cronshift) -> None:
    refused = finishing(*FINALIZE, "--steps")
    assert refused.code == 2
    assert "--steps belongs to --direct." in refused.err

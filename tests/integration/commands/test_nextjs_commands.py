"""A Next.js app's whole way by the command line: looked at, kept as plans, applied, resumed."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.integration.commands.conftest import ROOT, Cronshift

from cronshift.operations import State, past_operations
from cronshift.operations.journal import write_operation

if TYPE_CHECKING:
    from pathlib import Path

JOBS = ("daily-update-polymarket-data", "prediction-check", "update-active-events")
ROUTE = "app/(jobs)/api/cron/prediction-check/route.ts"
OWNERSHIP = "cronshift.ownership.json"
WAY = (
    ("migrate", *JOBS, "send-digest", "--fix", "--accept", "CS204"),
    ("cutover", *JOBS),
    ("finalize", *JOBS, "--ticks-ran"),
    ("rollback", "--all"),
    ("rollback", "--all"),  # once all ticks are Vercel's, past the guard
)


@pytest.fixture
def app(tmp_path: Path) -> Cronshift:
    ignored = shutil.ignore_patterns("node_modules", ".next", "next-env.d.ts")
    return Cronshift(shutil.copytree(ROOT / "examples/nextjs", tmp_path / "app", ignore=ignored))


def tree(app: Cronshift) -> dict[str, bytes]:
    return {
        file.relative_to(app.folder).as_posix(): file.read_bytes()
        for file in sorted(app.folder.rglob("*"))
        if file.is_file() and ".cronshift" not in file.parts
    }


def let_time_pass(app: Cronshift) -> None:
    """Let every epoch have begun a month ago."""
    file = app.folder / OWNERSHIP
    document = json.loads(file.read_text())
    month = datetime.now(UTC) - timedelta(days=30)
    for epochs in document["jobs"].values():
        epochs[-1]["effective_at"] = month.strftime("%Y-%m-%dT%H:%M:%SZ")
    file.write_text(json.dumps(document, indent=2) + "\n")


def test_looking_touches_nothing_and_a_kept_plan_does_what_was_shown(
    app: Cronshift, tmp_path: Path
) -> None:
    plan = str(tmp_path / "plan.json")
    states = [tree(app)]
    for words in WAY:
        shown = app(*words, "--dry-run", "--json")
        assert (shown.code, isinstance(shown.document, dict)) == (0, True), shown.err
        assert app(*words, "--save-plan", plan).code == 0
        assert tree(app) == states[-1]
        looked = app("apply", plan, "--dry-run", "--json")
        assert (looked.code, looked.document["applied"]) == (0, False)
        assert tree(app) == states[-1]
        done = app("apply", plan, "--yes", "--json")
        assert (done.code, done.document["applied"]) == (0, True)
        assert tree(app) != states[-1]
        again = app("apply", plan, "--yes", "--json")
        assert (again.code, again.document["error"]["reason"]) == (3, "changed-file")
        if words[0] in {"cutover", "rollback"}:
            let_time_pass(app)
        states.append(tree(app))
        assert app("status").code == 0
    before, after = states[1], states[-1]
    assert {**after, OWNERSHIP: b""} == {**before, OWNERSHIP: b""}


def test_a_plan_that_cannot_be_kept_is_told(app: Cronshift) -> None:
    said = app("migrate", "--save-plan", "nowhere/plan.json", "--json")
    assert (said.code, said.document["error"]["reason"]) == (2, "disk-error")


def test_a_plan_is_not_applied_to_a_route_that_was_changed_meanwhile(
    app: Cronshift, tmp_path: Path
) -> None:
    plan = str(tmp_path / "plan.json")
    app("migrate", "--yes")
    app("cutover", *JOBS, "--yes")
    let_time_pass(app)
    assert app("finalize", *JOBS, "--ticks-ran", "--save-plan", plan).code == 0
    route = app.folder / ROUTE
    route.write_text(route.read_text() + "// mine\n")
    before = tree(app)
    refused = app("apply", plan, "--yes", "--json")
    assert (refused.code, refused.document["error"]["where"]) == (3, ROUTE)
    assert tree(app) == before


@pytest.mark.parametrize("back", [True, False])
def test_what_was_interrupted_is_finished_or_undone(app: Cronshift, *, back: bool) -> None:
    app("migrate", "--yes")
    app("cutover", *JOBS, "--yes")
    let_time_pass(app)
    before = tree(app)
    assert app("finalize", *JOBS, "--ticks-ran", "--yes").code == 0
    after = tree(app)
    write_operation(app.folder, replace(past_operations(app.folder)[-1], state=State.APPLYING))
    (app.folder / ROUTE).parent.mkdir(parents=True)
    (app.folder / ROUTE).write_bytes(before[ROUTE])  # as if it had not got so far
    assert app("rollback", "--all", "--yes").code == 3
    resumed = app("resume", *(["--revert"] if back else []), "--yes", "--json")
    assert resumed.document["state"] == ("reverted" if back else "applied")
    assert tree(app) == (before if back else after)
    assert (app.folder / "app/(jobs)").exists() is back


def test_an_entry_that_cannot_be_edited_is_refused_in_one_document(app: Cronshift) -> None:
    app("migrate", "--yes")
    entries = json.loads((app.folder / "vercel.json").read_text())["crons"]
    tables = [f'{{ path = "{one["path"]}", schedule = "{one["schedule"]}" }}' for one in entries]
    (app.folder / "vercel.json").unlink()
    (app.folder / "vercel.toml").write_text(f"crons = [{', '.join(tables)}]\n")
    before = tree(app)
    for words in (("cutover", *JOBS), ("cutover", *JOBS, "--save-plan", "plan.json")):
        said = app(*words, "--yes", "--json")
        assert (said.code, said.document["error"]["reason"]) == (3, "not-editable")
        assert said.document["error"]["where"] == "vercel.toml"
        assert tree(app) == before

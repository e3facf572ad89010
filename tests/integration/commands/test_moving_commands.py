"""cutover, status, rollback, finalize, apply and flags through the real entry point."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cronshift.operations import State, past_operations
from cronshift.operations.journal import write_operation

if TYPE_CHECKING:
    from tests.integration.commands.conftest import Cronshift

JOB = "prediction-check"
PROGRAM = Path(sys.executable).with_name("cronshift")


@pytest.fixture
def migrated(cronshift: Cronshift) -> Cronshift:
    assert cronshift("migrate", "--fix", "--yes").code == 0
    return cronshift


def ownership(project: Path) -> dict[str, list[dict[str, object]]]:
    document = json.loads((project / "cronshift.ownership.json").read_text())
    return dict(document["jobs"])


def test_a_job_is_paused_and_goes_on(migrated: Cronshift) -> None:
    assert migrated("pause", JOB, "--yes", "--deploy-minutes", "0").code == 0
    (epoch,) = ownership(migrated.folder)[JOB]
    assert epoch["owner"] == "nobody"
    in_the_past(migrated.folder)
    (row,) = (row for row in migrated("status", "--json").document["jobs"] if row["id"] == JOB)
    assert (row["paused"], row["next_owner"]) == (True, "nobody")
    assert "paused" in migrated("status").out
    assert f"{JOB} is paused already." in migrated("pause", JOB, "--yes").err
    refused = migrated("cutover", JOB, "--yes")
    assert refused.code == 3
    assert f"cronshift resume-job {JOB}" in refused.err
    assert migrated("resume-job", "--all", "--yes").code == 0
    assert "owner" not in ownership(migrated.folder)[JOB][-1]


def in_the_past(project: Path) -> None:
    """Let every epoch have begun a month ago."""
    file = project / "cronshift.ownership.json"
    document = json.loads(file.read_text())
    month = datetime.now(UTC) - timedelta(days=30)
    for epochs in document["jobs"].values():
        epochs[-1]["effective_at"] = month.strftime("%Y-%m-%dT%H:%M:%SZ")
    file.write_text(json.dumps(document, indent=2) + "\n")


def test_a_cutover_is_shown_with_its_diff_and_applied(migrated: Cronshift, project: Path) -> None:
    shown = migrated("cutover", "prediction-check", "--percent", "10", "--dry-run")
    assert shown.code == 0
    assert '+        "percent": 10,' in shown.out
    assert "10 % is 4, 50 % is 21, 100 % is 42" in shown.err
    assert ownership(project) == {}
    done = migrated("cutover", "prediction-check", "--percent", "10", "--yes", "--json")
    assert done.document["applied"] is True
    assert ownership(project)["prediction-check"][0]["percent"] == 10
    status = migrated("status", "--json").document
    (row,) = [row for row in status["jobs"] if row["id"] == "prediction-check"]
    assert (row["percent"], row["next_change"]["percent"]) == (0, 10)


def test_migrating_alone_moves_no_tick(migrated: Cronshift) -> None:
    status = migrated("status", "--json").document
    assert {(row["percent"], row["next_owner"]) for row in status["jobs"]} == {(0, "vercel")}
    assert status["drift"] == []


@pytest.mark.parametrize("command", ["cutover", "rollback", "finalize"])
def test_jobs_are_named_or_all_are_meant(migrated: Cronshift, command: str) -> None:
    for words in ((command,), (command, "prediction-check", "--all")):
        said = migrated(*words, "--json")
        assert (said.code, said.document["error"]["reason"]) == (2, "which-jobs")


def test_without_a_terminal_nothing_is_changed_unasked(migrated: Cronshift, project: Path) -> None:
    assert migrated("cutover", "--all").code == 2
    assert ownership(project) == {}


def test_the_whole_way_and_back(migrated: Cronshift, project: Path) -> None:
    config = (project / "vercel.json").read_bytes()
    assert migrated("cutover", "--all", "--yes").code == 0
    in_the_past(project)
    early = migrated("finalize", "--all", "--yes", "--json")
    assert (early.code, early.document["error"]["reason"]) == (3, "not-ready")
    final = migrated("finalize", "--all", "--ticks-ran", "--yes", "--json")
    assert (final.code, final.document["entries_left"]) == (0, 0)
    assert json.loads((project / "vercel.json").read_text()).get("crons") is None
    audit = migrated("audit", "--json").document
    assert {job["source"]["file"] for job in audit["jobs"]} == {"cronshift.toml"}
    assert migrated("validate").code == 0
    assert migrated("status").code == 0
    assert migrated("rollback", "--all", "--yes").code == 0
    assert (project / "vercel.json").read_bytes() == config
    assert migrated("validate").code == 0
    again = migrated("rollback", "--all", "--yes")
    assert (again.code, "nothing was changed" in again.err) == (0, True)
    commands = [
        one["command"].split()[0] for one in migrated("history", "--json").document["operations"]
    ]
    assert commands == ["migrate", "cutover", "finalize", "rollback"]


def test_a_kept_plan_is_applied_as_shown_and_not_to_another_state(
    migrated: Cronshift, project: Path
) -> None:
    kept = migrated("cutover", "--all", "--save-plan", "plan.json")
    assert kept.code == 0
    assert ownership(project) == {}
    plan = (project / "plan.json").read_text()
    assert migrated("apply", "plan.json", "--yes").code == 0
    assert len(ownership(project)) == 6
    stale = migrated("apply", "plan.json", "--yes", "--json")
    assert (stale.code, stale.document["error"]["reason"]) == (3, "changed-file")
    (project / "plan.json").write_text(plan[:-40])
    broken = migrated("apply", "plan.json", "--yes", "--json")
    assert (broken.code, broken.document["error"]["reason"]) == (2, "invalid-plan")


def test_an_unfinished_operation_stops_everything_that_changes(
    migrated: Cronshift, project: Path
) -> None:
    migrated("cutover", "prediction-check", "--yes")
    write_operation(project, replace(past_operations(project)[-1], state=State.APPLYING))
    for words in (
        ("migrate", "--yes"),
        ("cutover", "--all", "--yes"),
        ("rollback", "--all", "--yes"),
        ("finalize", "--all", "--ticks-ran", "--yes"),
    ):
        said = migrated(*words, "--json")
        assert (said.code, said.document["error"]["reason"]) == (3, "unfinished-operation")
        assert "resume --revert" in said.document["error"]["hint"]
    assert migrated("resume", "--revert", "--yes").code == 0
    assert ownership(project) == {}


def test_of_two_cutovers_at_once_one_wins(
    migrated: Cronshift, project: Path, environment: dict[str, str]
) -> None:
    command = [str(PROGRAM), "cutover", "prediction-check", "--yes", "--json"]
    processes = [
        subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [json.loads(process.communicate()[0]) for process in processes]
    applied = [one for one in said if one.get("applied")]
    others = [process.returncode for process in processes]
    assert len(applied) == 1
    assert set(others) <= {0, 3}
    assert len(ownership(project)["prediction-check"]) == 1


def test_uncommitted_changes_are_not_written_over(migrated: Cronshift, project: Path) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *words], cwd=project, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "all")
    config = project / "vercel.json"
    mine = config.read_text().replace("{", '{ "regions": ["fra1"],', 1)
    config.write_text(mine)
    migrated("cutover", "--all", "--yes")
    in_the_past(project)
    git("add", "cronshift.ownership.json")
    git("commit", "-qm", "epochs")
    said = migrated("finalize", "--all", "--ticks-ran", "--yes", "--json")
    assert (said.code, said.document["error"]["reason"]) == (3, "dirty-file")
    assert config.read_text() == mine


def test_a_function_that_is_gone_is_drift(migrated: Cronshift, project: Path) -> None:
    migrated("cutover", "prediction-check", "--yes")
    in_the_past(project)
    (project / "inngest_app/jobs/prediction_check.py").unlink()
    said = migrated("status")
    assert said.code == 1
    assert "its function is not generated: those ticks are lost" in said.err


def test_flags_are_exported(migrated: Cronshift, project: Path) -> None:
    migrated("cutover", "prediction-check", "--yes")
    text = (project / "cronshift.ownership.json").read_text()
    assert migrated("flags", "export").out == text
    assert migrated("flags", "export", "--format", "env").out.startswith("CRONSHIFT_OWNERSHIP='{")
    assert migrated("flags", "export", "--json").document == {"version": 1, "json": text}
    refused = migrated("flags", "push", "--yes", "--json")
    assert (refused.code, refused.document["error"]["reason"]) == (2, "usage")


def test_live_needs_to_know_whom_to_ask(migrated: Cronshift) -> None:
    said = migrated("status", "--live", "--json")
    assert (said.code, said.document["error"]["reason"]) == (2, "usage")

"""What a newcomer does: audit, run, migrate, validate, run again, serve --check."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.commands.conftest import Cronshift

JOBS = [
    "daily-generate-batch-predictions",
    "daily-update-polymarket-data",
    "prediction-check",
    "session-recovery",
    "update-active-events",
    "update-ai-models",
]


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".cronshift" not in path.parts
    }


def test_an_audit_shows_every_entry_and_changes_nothing(
    cronshift: Cronshift, project: Path
) -> None:
    before = files(project)
    said = cronshift("audit")
    assert said.code == 0
    assert all(job in said.out for job in JOBS)
    assert "6 entries in vercel.json; 6 can move." in said.out
    assert files(project) == before


def test_an_audit_as_json_is_one_document_as_the_design_says(cronshift: Cronshift) -> None:
    said = cronshift("audit", "--json")
    document = said.document
    assert said.err == ""
    assert document["version"] == 1
    assert document["project"] == {
        "root": ".",
        "framework": "fastapi",
        "config_file": "vercel.json",
        "target": "python",
    }
    assert [job["id"] for job in document["jobs"]] == JOBS
    job = document["jobs"][2]
    assert job["schedule"] == "0 */4 * * *"
    assert job["trigger"] == "TZ=UTC 0 */4 * * *"
    assert job["source"] == {"file": "vercel.json", "line": 6}
    assert job["mode"] == "bridge"
    assert job["handler"]["file"] == "api/index.py"
    assert document["forecast"]["by_job"]["update-active-events"] == 1080


def test_the_first_command_can_be_a_run(cronshift: Cronshift, project: Path, address: str) -> None:
    before = files(project)
    said = cronshift("run", "prediction-check", "--base-url", address, "--json")
    document = said.document
    assert said.code == 0
    assert document["status"] == "completed"
    assert document["throwaway"] is True
    assert [step["id"] for step in document["steps"]] == ["due", "call"]
    assert document["steps"][1] | {"ms": 0} == {
        "id": "call",
        "op": "StepRun",
        "status": "completed",
        "attempts": 2,
        "ms": 0,
        "output": {
            "status": 200,
            "body": {"checked": 31, "resolved": 4},
            "bytes": 27,
            "cut": False,
        },
    }
    assert files(project) == before


def test_a_migrated_job_runs_from_the_code_that_was_written(
    cronshift: Cronshift, project: Path
) -> None:
    assert cronshift("migrate", "--yes").code == 0
    said = cronshift("run", "daily-generate-batch-predictions", "--json")
    document = said.document
    assert (said.code, document["throwaway"]) == (0, False)
    assert [step["id"] for step in document["steps"]] == [
        "due",
        "call model=gpt-5",
        "call model=claude-opus",
        "call model=gemini-pro",
    ]
    assert document["output"]["body"] == {"succeeded": 3}
    assert not list(project.rglob("__pycache__"))


def test_a_run_that_fails_exits_1_with_the_handlers_own_error(cronshift: Cronshift) -> None:
    said = cronshift("run", "session-recovery")
    assert said.code == 1
    assert "answered 401 Unauthorized" in said.out
    assert "this route needs CRON_SECRET" in said.out.replace("\n", " ").replace("│", "")
    assert "→ Set CRON_SECRET" in said.err
    refused = cronshift("run", "session-recovery", env={"CRON_SECRET": "wörd"})
    assert "→ Set CRON_SECRET" not in refused.err


def test_the_secret_is_used_and_never_shown(cronshift: Cronshift, project: Path) -> None:
    secret = {"CRON_SECRET": "very-secret-word"}
    assert cronshift("migrate", "--yes", env=secret).code == 0
    said = cronshift("run", "session-recovery", "-v", env=secret)
    assert said.code == 0
    assert "very-secret-word" not in said.out + said.err
    assert not any(b"very-secret-word" in data for data in files(project).values())
    journal = "".join(path.read_text() for path in (project / ".cronshift").rglob("*.json"))
    assert "very-secret-word" not in journal


def test_a_tick_can_be_named_and_must_be_one(cronshift: Cronshift) -> None:
    said = cronshift("run", "update-ai-models", "--at", "2026-11-22T00:00Z", "--json")
    assert said.document["tick"] == "2026-11-22T00:00:00Z"
    wrong = cronshift("run", "update-ai-models", "--at", "2026-11-24T08:00Z", "--json")
    assert wrong.code == 2
    assert wrong.document["error"]["reason"] == "no-such-tick"
    assert "2026-11-22T00:00Z and 2026-11-29T00:00Z" in wrong.document["error"]["message"]


def test_an_unknown_job_is_told_with_the_one_that_was_meant(cronshift: Cronshift) -> None:
    said = cronshift("run", "prediction-chekc")
    assert said.code == 2
    assert "Did you mean prediction-check?" in said.err


def test_migrate_shows_before_it_writes(cronshift: Cronshift, project: Path) -> None:
    before = files(project)
    said = cronshift("migrate", "--dry-run")
    assert said.code == 0
    assert "+ inngest_app/jobs/prediction_check.py" in said.out
    assert files(project) == before
    refused = cronshift("migrate")
    assert (refused.code, files(project)) == (2, before)
    assert "There is no terminal to ask on" in refused.err


def test_migrate_twice_changes_nothing_the_second_time(cronshift: Cronshift, project: Path) -> None:
    assert cronshift("migrate", "--yes").code == 0
    before = files(project)
    said = cronshift("migrate", "--yes")
    assert (said.code, files(project)) == (0, before)
    assert "nothing was changed" in said.err


def test_a_module_changed_by_hand_is_kept_unless_forced(
    cronshift: Cronshift, project: Path
) -> None:
    cronshift("migrate", "--yes")
    module = project / "inngest_app/jobs/prediction_check.py"
    mine = module.read_text().replace("retries=3", "retries=7")
    module.write_text(mine)
    settings = project / "cronshift.toml"
    settings.write_text(
        settings.read_text().replace('mode = "bridge"', 'mode = "bridge"\nretries = 5')
    )
    refused = cronshift("migrate", "--yes")
    assert refused.code == 3
    assert "prediction_check.py" in refused.err
    assert module.read_text() == mine
    forced = cronshift("migrate", "--yes", "--force")
    assert forced.code == 0
    assert "-    retries=7," in forced.err
    assert "! inngest_app/jobs/prediction_check.py  overwritten; a copy is kept\n" in forced.out
    assert module.with_name("prediction_check.py.bak").read_text() == mine
    assert "retries=5" in module.read_text()


def test_migrate_is_an_operation_in_the_history(cronshift: Cronshift) -> None:
    document = cronshift("migrate", "--yes", "--json").document
    assert document["written"] is True
    history = cronshift("history", "--json").document
    assert document["operation"] in json.dumps(history)
    assert "inngest_app/client.py" in cronshift("show", document["operation"]).out


def test_what_is_generated_is_valid(cronshift: Cronshift) -> None:
    cronshift("migrate", "--yes")
    said = cronshift("validate")
    assert said.code == 0
    first, *facts = said.out.splitlines()
    assert first == "6 functions for 6 jobs (inngest-py:v0.5.19): valid."
    assert "known bad R101 guard" in facts


def test_a_function_left_out_and_a_schedule_that_drifted_are_found(
    cronshift: Cronshift, project: Path
) -> None:
    cronshift("migrate", "--yes")
    package = project / "inngest_app/__init__.py"
    package.write_text(package.read_text().replace("    session_recovery,\n", ""))
    module = project / "inngest_app/jobs/prediction_check.py"
    module.write_text(module.read_text().replace('cron="TZ=UTC 0 */4', 'cron="TZ=UTC 0 */8'))
    said = cronshift("validate", "--json")
    assert said.code == 1
    found = {(finding["name"], finding["job"]) for finding in said.document["findings"]}
    assert ("function-left-out", "session-recovery") in found
    assert ("schedule-drifted", "prediction-check") in found


def test_a_module_that_the_plan_has_outgrown_is_told(cronshift: Cronshift, project: Path) -> None:
    cronshift("migrate", "--yes")
    config = project / "vercel.json"
    config.write_text(
        config.read_text().replace("cron/prediction-check", "cron/prediction-check?a=1")
    )
    said = cronshift("validate", "--json")
    assert said.code == 0
    assert [(f["name"], f["file"]) for f in said.document["findings"]] == [
        ("module-out-of-date", "inngest_app/jobs/prediction_check.py"),
        ("module-out-of-date", "cronshift_guard.py"),
    ]
    assert cronshift("validate", "--strict").code == 1


def test_validate_before_migrate_says_what_to_do(cronshift: Cronshift) -> None:
    said = cronshift("validate", "--json")
    assert said.code == 2
    assert said.document["error"]["hint"] == "cronshift migrate"


def test_serve_check_starts_asks_compares_and_stops(cronshift: Cronshift, project: Path) -> None:
    cronshift("migrate", "--yes")
    said = cronshift("serve", "--check")
    assert (said.code, said.out) == (
        0,
        "7 functions would be registered, as the plan says (dev mode).\n",
    )
    package = project / "inngest_app/__init__.py"
    package.write_text(package.read_text().replace("    session_recovery,\n", ""))
    wrong = cronshift("serve", "--check", "--json")
    assert wrong.code == 1
    assert wrong.document["valid"] is False


def test_serve_without_keys_in_cloud_mode_names_them(cronshift: Cronshift) -> None:
    cronshift("migrate", "--yes")
    said = cronshift("serve", "--check", env={"INNGEST_DEV": "0"})
    assert said.code == 2
    assert "INNGEST_SIGNING_KEY" in said.err


def test_init_writes_settings_that_say_what_is_so(empty: Callable[..., Cronshift]) -> None:
    cronshift = empty(
        vercel__json='{"crons": [{"path": "/api/cron/x", "schedule": "0 6 * * *"}]}',
    )
    plain = cronshift("audit", "--json").document
    assert cronshift("init", "--yes").code == 0
    settings = (cronshift.folder / "cronshift.toml").read_text()
    assert "any line may be left out" in settings
    assert settings.endswith("\n# [jobs.x]  # /api/cron/x, 0 6 * * *\n")
    assert (cronshift.folder / "cronshift.toml").is_file()
    assert cronshift("audit", "--json").document == plain
    again = cronshift("init", "--yes")
    assert (again.code, "nothing was changed" in again.err) == (0, True)


def test_a_blocked_job_does_not_stop_the_others(empty: Callable[..., Cronshift]) -> None:
    cronshift = empty(
        vercel__json=json.dumps(
            {
                "crons": [
                    {"path": "/api/good", "schedule": "0 6 * * *"},
                    {"path": "/api/bad", "schedule": "0 6 31 2 *"},
                ]
            }
        )
    )
    assert cronshift("audit").code == 1
    said = cronshift("migrate", "--yes")
    assert said.code == 1
    assert "never-fires" in said.out
    assert (cronshift.folder / "inngest_app/jobs/good.py").is_file()
    assert not (cronshift.folder / "inngest_app/jobs/bad.py").exists()
    assert cronshift("validate").code == 0
    run = cronshift("run", "bad", "--json")
    assert (run.code, run.document["error"]["reason"]) == (1, "job-blocked")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"crons": [] // none\n}', "comment"),
        ('{"crons": [],}', "comma"),
        ("\ufeff{}", "byte order mark"),
        ('{"crons": [{"path": "x", "schedule": "* * * * *"}]}', "should match pattern"),
    ],
)
def test_a_file_that_vercel_refuses_is_explained(
    empty: Callable[..., Cronshift], text: str, said: str
) -> None:
    told = empty(vercel__json=text)("audit")
    assert told.code in {1, 2}
    assert said in told.out.lower() + told.err.lower() + told.out
    assert "Traceback" not in told.err

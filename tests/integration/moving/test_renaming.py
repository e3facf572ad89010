"""A job's other name: its module, its settings and its epochs go with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.errors import CronshiftError, RefusedError
from cronshift.moving.migration import prepare_migration
from cronshift.moving.renaming import proposals
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import OWNERSHIP_NAME, Epoch, Ownership, dump_ownership

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LONG_AGO = datetime(2026, 10, 1, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
MODULES = {"python": "inngest_app/jobs/{}.py", "nextjs": "lib/inngest/functions/{}.ts"}
SETTINGS = """[project]
app_id = "shop"
target = "{}"

# the old mail
[jobs.mail]
retries = 1

[[suppress]]
code = "CS206"
job = "mail"
reason = "known"
"""


@pytest.fixture(params=sorted(MODULES))
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def root(tmp_path: Path, target: str) -> Path:
    crons = [{"path": "/api/cron/mail", "schedule": "0 3 * * *"}]
    files = {
        "vercel.json": json.dumps({"crons": crons}),
        "package.json": '{"name": "shop", "dependencies": {"next": "16.0.0"}}',
        "tsconfig.json": "{}",
        "cronshift.toml": SETTINGS.format(target),
        "app/api/cron/mail/route.ts": "export const GET = () => Response.json({});\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    migrated(tmp_path)
    return tmp_path


def migrated(root: Path, *rename: str, force: bool = False) -> None:
    migration = prepare_migration(load_project(root), (), NOW, rename=rename, force=force)
    operations.apply(root, migration.operation)


def give(root: Path, *epochs: tuple[datetime, int]) -> None:
    made = tuple(Epoch(at, percent, "01OP") for at, percent in epochs)
    (root / OWNERSHIP_NAME).write_text(dump_ownership(Ownership({"mail": made})))


def test_a_rename_moves_the_module_and_keeps_settings_and_epochs(root: Path, target: str) -> None:
    give(root, (LONG_AGO, 100))
    before = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
    migrated(root, "mail=letters")
    (job,) = make_plan(load_project(root)).jobs
    assert (job.id, job.options.retries) == ("letters", 1)
    assert not (root / MODULES[target].format("mail")).exists()
    assert "letters" in (root / MODULES[target].format("letters")).read_text()
    assert read_ownership(root).jobs.keys() == {"letters"}
    settings = (root / "cronshift.toml").read_text()
    assert "# the old mail" in settings
    assert 'job = "letters"' in settings
    migrated(root)  # nothing more is to be done
    assert read_ownership(root).jobs.keys() == {"letters"}
    commands = {each.command: each for each in operations.past_operations(root)}
    operations.revert(root, commands["migrate --rename mail=letters"])
    kept = {file: file.read_bytes() for file in before if file.is_file()}
    assert kept == before


def test_a_name_in_the_settings_is_a_rename_too(root: Path, target: str) -> None:
    give(root, (LONG_AGO, 100))
    text = SETTINGS.format(target).replace("[jobs.mail]", '[jobs.letters]\npath = "/api/cron/mail"')
    (root / "cronshift.toml").write_text(text.replace('job = "mail"', 'job = "letters"'))
    migrated(root)
    assert read_ownership(root).jobs.keys() == {"letters"}
    assert not (root / MODULES[target].format("mail")).exists()


@pytest.mark.parametrize("epochs", [[(LONG_AGO, 10)], [(LONG_AGO, 100), (LATER, 0)]])
def test_a_shared_job_keeps_its_name(root: Path, epochs: list[tuple[datetime, int]]) -> None:
    give(root, *epochs)
    with pytest.raises(RefusedError) as caught:
        migrated(root, "mail=letters")
    assert caught.value.reason == "shared-job"


def test_a_module_changed_by_hand_is_not_lost(root: Path, target: str) -> None:
    module = root / MODULES[target].format("mail")
    module.write_text(module.read_text().replace("mail", "mail", 1) + "\n// mine\n")
    with pytest.raises(RefusedError) as caught:
        migrated(root, "mail=letters")
    assert caught.value.reason == "edited-by-hand"
    migrated(root, "mail=letters", force=True)
    assert "// mine" in module.with_name(f"{module.name}.bak").read_text()


@pytest.mark.parametrize("rename", ["mail", "mail=", "mail=Up Per", "nobody=x"])
def test_what_is_no_rename_is_refused(root: Path, rename: str) -> None:
    with pytest.raises(CronshiftError):
        migrated(root, rename)


def test_an_id_of_the_apps_own_function_is_not_given_and_a_better_one_is_proposed(
    root: Path,
) -> None:
    own = 'export const mail = inngest.createFunction({ id: "mail" }, { event: "x" }, () => 1);\n'
    (root / "lib/own.ts").parent.mkdir(exist_ok=True)
    (root / "lib/own.ts").write_text(own)
    (root / "cronshift.toml").write_text('[project]\napp_id = "shop"\n')
    plan = make_plan(load_project(root))
    (name,) = proposals(plan)
    assert (name.startswith("mail-"), len(name)) == (True, len("mail-3f2a1b"))
    give(root, (LONG_AGO, 100))  # a job on its way keeps its name
    assert [job.id for job in make_plan(load_project(root)).jobs] == ["mail"]

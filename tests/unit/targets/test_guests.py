"""Targets are guests: the house asks at their door, and names none of them."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.integration.targets.cards import Cards

import cronshift
from cronshift.errors import ConfigError, CronshiftError
from cronshift.model import Plan
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import (
    DEFAULT_TARGET,
    GeneratedFile,
    generate,
    register,
    target_named,
    target_names,
    unregister,
)
from cronshift.targets.scaffold import prepare_scaffold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HOUSE = Path(cronshift.__file__).parent
OTHER_MEANINGS = {
    "vercel/nitro.py": "a source's language",
    "vercel/script.py": "a source's language",
    "handlers": "a handler's language; the framework that vercel.json names",
    "moving/fixing/awaiting.py": "a source's language",
    "moving/fixing/guard_insertion.py": "a handler's language",
    "plan/resolved.py": "a handler's language",
    "plan/findings/behaviour.py": "a handler's language",
    "plan/findings/subject.py": "a handler's language",
    "plan/handler_findings.py": "a handler's language",
    "readiness/guards.py": "a handler's language",
    "project/project.py": "the framework that vercel.json names",
}
"""Where the words that name targets mean something else."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(HOUSE.rglob("*.py")):
        path = file.relative_to(HOUSE).as_posix()
        if not path.startswith("targets/"):
            yield path, ast.parse(file.read_bytes())


def test_nothing_outside_their_room_names_a_target() -> None:
    spoken = [
        f"{path}:{node.lineno}"
        for path, module in sources()
        if not any(path.startswith(place) for place in OTHER_MEANINGS)
        for node in ast.walk(module)
        if (isinstance(node, ast.Constant) and node.value in target_names())
        or (isinstance(node, ast.Name | ast.Attribute) and _name(node) in {"NEXTJS", "PYTHON"})
    ]
    assert spoken == []


def _name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def test_nothing_outside_their_room_asks_which_target_it_is() -> None:
    compared = [
        f"{path}:{node.lineno}"
        for path, module in sources()
        for node in ast.walk(module)
        if isinstance(node, ast.Compare)
        for side in (node.left, *node.comparators)
        if ast.unparse(side) in {"plan.target", "settings.target", "project.settings.target"}
        and not all(ast.unparse(one) in {"None", "known"} for one in _others(node, side))
    ]
    assert compared == []


def _others(node: ast.Compare, side: ast.expr) -> list[ast.expr]:
    return [each for each in (node.left, *node.comparators) if each is not side]


def test_nothing_outside_their_room_imports_a_guest() -> None:
    guests = tuple(f"cronshift.targets.{name}" for name in target_names())
    imported = [
        f"{path}:{node.lineno}"
        for path, module in sources()
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(guests)
    ]
    assert imported == []


def test_there_is_no_other_target() -> None:
    with pytest.raises(CronshiftError) as caught:
        target_named("cobol")
    assert caught.value.reason == "unknown-target"
    assert caught.value.hint == "The targets are python, nextjs and typescript."


class Forgetful(Cards):
    """Writes two files to one place."""

    name = "forgetful"

    def generate(self, plan: Plan) -> Iterable[GeneratedFile]:
        return [GeneratedFile("a/x.txt", "1"), GeneratedFile("a/y.txt", "2")] * 2


def test_two_generated_files_on_one_path_are_an_error_of_ours() -> None:
    register(Forgetful())
    try:
        with pytest.raises(CronshiftError) as caught:
            generate(Plan(None, "vercel.json", "forgetful", "shop", "a", (), ()))
    finally:
        unregister("forgetful")
    assert (caught.value.reason, caught.value.where) == ("shared-path", "a/x.txt")
    assert "fault of cronshift" in caught.value.message


def project(root: Path, **files: str) -> Path:
    for name, text in {"vercel__json": '{"crons": []}', **files}.items():
        file = root / name.replace("___", "/").replace("__", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


CRONS = '{"crons": [{"path": "/api/cron/index", "schedule": "0 6 * * *"}]}'
NEXT = {
    "package__json": '{"dependencies": {"next": "15.0.0"}}',
    "tsconfig__json": "{}",
    "app___api___cron___index___route__ts": "export async function GET() { return new Response() }",
}


def test_an_app_gets_the_target_that_suits_it(tmp_path: Path) -> None:
    root = project(tmp_path, **NEXT)
    assert make_plan(load_project(root)).target == "nextjs"
    (root / "tsconfig.json").unlink()
    assert make_plan(load_project(root)).target == DEFAULT_TARGET


def test_an_app_in_javascript_gets_the_target_of_its_own_language(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        package__json='{"dependencies": {"next": "15.0.0"}}',
        app___api___cron___index___route__js="export async function GET() { return new Response() }",
    )
    assert make_plan(load_project(root)).target == "nextjs"


def test_a_package_that_is_there_already_keeps_its_target(tmp_path: Path) -> None:
    root = project(tmp_path, **NEXT, inngest_app___asgi__py="")
    assert make_plan(load_project(root)).target == "python"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"package__json": '{"dependencies": {"astro": "5"}}', "src___pages___api___x__ts": ""}, "astro"),
        ({"package__json": '{"dependencies": {"@remix-run/node": "2"}}', "app___routes___x__ts": ""}, "remix"),
        ({"package__json": '{"dependencies": {"nuxt": "3"}}', "server___api___x__ts": "", "pages___index__vue": ""}, "nuxt"),
        ({"package__json": '{"dependencies": {"@sveltejs/kit": "2"}}', "src___routes___x___+server__ts": ""}, "svelte"),
        ({"vercel__json": '{"crons": [], "framework": "astro"}', "app___x___route__ts": ""}, "astro"),
        ({"requirements__txt": "fastapi", "api___index__py": ""}, "fastapi"),
        ({}, "nothing here uses Next.js"),
    ],
)  # fmt: skip
def test_a_target_that_does_not_fit_is_refused_with_the_reason(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    root = project(tmp_path, **files)
    (root / "cronshift.toml").write_text('[project]\ntarget = "nextjs"\n')
    with pytest.raises(ConfigError) as caught:
        make_plan(load_project(root))
    assert caught.value.reason == "target-does-not-fit"
    assert reason in caught.value.message
    (root / "cronshift.toml").write_text('[project]\ntarget = "python"\n')
    assert make_plan(load_project(root)).target == "python"


def test_a_job_called_like_a_file_of_the_target_gets_another_id(tmp_path: Path) -> None:
    root = project(tmp_path, **{**NEXT, "vercel__json": CRONS})
    (job,) = make_plan(load_project(root)).jobs
    assert job.id.startswith("index-")
    paths = [file.path for file in generate(make_plan(load_project(root)))]
    assert {f"lib/inngest/functions/{job.id}.ts", "lib/inngest/functions/index.ts"} <= {*paths}
    (root / "cronshift.toml").write_text('[jobs.index]\npath = "/api/cron/index"\n')
    with pytest.raises(ConfigError) as caught:
        make_plan(load_project(root))
    assert caught.value.reason == "taken-id"


@pytest.mark.parametrize("job", ["night", "night-cancelled", "night-recovery"])
def test_a_flow_does_not_take_the_id_of_a_job(tmp_path: Path, job: str) -> None:
    crons = f'{{"crons": [{{"path": "/api/cron/{job}", "schedule": "0 6 * * *"}}]}}'
    root = project(tmp_path, **{**NEXT, "vercel__json": crons})
    with pytest.raises(CronshiftError) as caught:
        prepare_scaffold(root, datetime(2026, 11, 24, tzinfo=UTC), flow="night")
    assert (caught.value.reason, caught.value.where) == ("taken-id", job)


def test_a_package_of_python_needs_no_such_name(tmp_path: Path) -> None:
    root = project(tmp_path, vercel__json=CRONS)
    assert [job.id for job in make_plan(load_project(root)).jobs] == ["index"]

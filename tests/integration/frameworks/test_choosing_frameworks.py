"""Where functions go in TypeScript, and where they do not, with the reason."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.engine.validation.project import validate_package
from cronshift.errors import ConfigError
from cronshift.model import Mode
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.compiling import NotCompiledError, check_types, compile_types
from cronshift.targets.typescript.dispatching import dispatcher_file

from .apps import (
    FUNCTIONS,
    HONO,
    LONG_AGO,
    NESTJS,
    NESTJS_ON_FASTIFY,
    NITRO,
    NUXT,
    REACT_ROUTER,
    REMIX,
    SOLIDSTART,
    SVELTEKIT,
    TANSTACK,
    Kit,
    copied,
    handed_over,
    migrated,
    tree,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_generated_in_python_goes_on(tmp_path: Path) -> None:
    app = copied(SVELTEKIT, tmp_path / "app")
    (app / "inngest_app").mkdir()
    assert make_plan(load_project(app)).target == "python"


def test_routes_that_are_listed_in_code_are_not_extended_unasked(tmp_path: Path) -> None:
    app = copied(REACT_ROUTER, tmp_path / "app")
    (app / "app/routes.ts").write_text(
        'import { route } from "@react-router/dev/routes";\n'
        'export default [route("api/cron/echo", "routes/api.cron.echo.ts")];\n'
    )
    assert make_plan(load_project(app)).target == "python"


def test_typescript_without_a_compilers_settings_is_left_alone_unasked(tmp_path: Path) -> None:
    app = copied(FUNCTIONS, tmp_path / "app")
    (app / "tsconfig.json").unlink()
    assert make_plan(load_project(app)).target == "python"


def test_functions_that_import_no_package_are_an_app_of_npm_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api/cron.js").write_text(
        "export default async function handler(request, response) {\n"
        "  const answer = await fetch('https://mail.example');\n"
        "  response.status(answer.ok ? 200 : 500).end();\n}\n"
    )
    crons = [{"path": "/api/cron", "schedule": "0 5 * * *"}]
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": crons}))
    assert make_plan(load_project(tmp_path)).target == "python"
    (tmp_path / "package.json").write_text('{"name": "mails", "type": "module"}\n')
    assert make_plan(load_project(tmp_path)).target == "typescript"


def test_a_compiler_that_imports_no_json_is_told_to_and_gets_its_settings_back(
    tmp_path: Path,
) -> None:
    app = copied(FUNCTIONS, tmp_path / "app")
    settings = app / "tsconfig.json"
    document = json.loads(settings.read_text())
    document["compilerOptions"] |= {"module": "commonjs", "moduleResolution": "node10"}
    document["compilerOptions"].pop("resolveJsonModule", None)
    settings.write_text(json.dumps(document, indent="\t"))
    before = settings.read_bytes()
    done = prepare_migration(load_project(app), (), LONG_AGO).operation
    operations.apply(app, done)
    assert json.loads(settings.read_text())["compilerOptions"]["resolveJsonModule"] is True
    assert prepare_migration(load_project(app), (), LONG_AGO).operation.images == ()
    operations.revert(app, operations.history(app)[-1])
    assert settings.read_bytes() == before


OTHERS = {
    "go": ("package handler\n\nfunc Handler() {}\n", "Go"),
    "rb": ("Handler = Proc.new do |request, response|\nend\n", "Ruby"),
    "rs": ("fn main() {}\n", "Rust"),
    "php": ("<?php echo 1;\n", "PHP"),
}


def with_other(app: Path, suffix: str) -> None:
    """Write the function of an entry in another language."""
    (app / "api/cron/echo.ts").unlink(missing_ok=True)
    (app / f"api/cron/echo.{suffix}").write_text(OTHERS[suffix][0])
    document = json.loads((app / "vercel.json").read_text())
    document["functions"] = {"api/**/*.php": {"runtime": "vercel-php@0.7.4"}}
    (app / "vercel.json").write_text(json.dumps(document, indent=2))


@pytest.mark.parametrize("suffix", OTHERS)
def test_a_function_of_another_language_is_asked_over_http_and_it_is_said_why(
    tmp_path: Path, suffix: str
) -> None:
    app = copied(FUNCTIONS, tmp_path / "app")
    with_other(app, suffix)
    plan = make_plan(load_project(app))
    job = plan.job("echo")
    assert plan.target == "typescript"
    assert job is not None
    why = f"api/cron/echo.{suffix} is written in {OTHERS[suffix][1]}, which no TypeScript imports"
    assert (job.mode, job.bridged_because) == (Mode.BRIDGE, why)
    migrated(app)
    assert "forwarding()" in (app / "api/cronshift/api/cron/echo.ts").read_text()
    assert "bridged(call)" in (app / "lib/inngest/functions/echo.ts").read_text()


@pytest.mark.parametrize("suffix", OTHERS)
def test_functions_of_other_languages_alone_go_by_the_manifest_beside_them(
    tmp_path: Path, suffix: str
) -> None:
    app = tmp_path / "app"
    (app / "api/cron").mkdir(parents=True)
    crons = [{"path": "/api/cron/echo", "schedule": "30 3 * * *"}]
    (app / "vercel.json").write_text(json.dumps({"crons": crons}))
    with_other(app, suffix)
    assert make_plan(load_project(app)).target == "python"
    (app / "package.json").write_text('{"type": "module"}')
    before = tree(app)
    assert make_plan(load_project(app)).target == "typescript"
    done = operations.apply(app, prepare_migration(load_project(app), (), LONG_AGO).operation)
    assert (app / "api/inngest.js").is_file()
    plan = make_plan(load_project(app))
    assert [job.mode for job in plan.jobs] == [Mode.BRIDGE]
    assert validate_package(app, plan, compiles=False)[0].count == 1
    operations.revert(app, done)
    assert tree(app) == before
    (app / "requirements.txt").write_text("")
    assert make_plan(load_project(app)).target == "python"


def test_what_an_app_takes_else_from_the_sdk_is_no_endpoint(tmp_path: Path) -> None:
    app = copied(SVELTEKIT, tmp_path / "app")
    (app / "src/lib/client.ts").write_text(
        'import type { GetEvents } from "inngest/types";\nexport const serve = () => 1;\n'
    )
    assert make_plan(load_project(app)).target == "typescript"


def test_an_app_of_no_module_names_files_as_before(tmp_path: Path) -> None:
    app = copied(FUNCTIONS, tmp_path / "app")
    package = json.loads((app / "package.json").read_text())
    (app / "package.json").write_text(json.dumps({**package, "type": "commonjs"}))
    prepared = prepare_migration(load_project(app), (), LONG_AGO).operation
    texts = {image.path: (image.after or b"").decode() for image in prepared.images}
    assert 'from "../lib/inngest/functions";' in texts["api/inngest.ts"]
    assert "with {" not in texts["lib/inngest/ownership.ts"]


def ended(app: Path) -> tuple[str, ...]:
    """Hand everything over and end Vercel's part; what stays, in sentences."""
    migrated(app)
    handed_over(app)
    later = LONG_AGO + timedelta(days=60)
    done = prepare_finalization(load_project(app), (), later, lambda *_: True)
    operations.apply(app, done.operation)
    return done.stays


def test_a_route_that_moves_leaves_the_types_of_its_folder(tmp_path: Path) -> None:
    app = copied(SVELTEKIT, tmp_path / "app")
    ended(app)
    moved = (app / "src/lib/inngest/jobs/echo.ts").read_text()
    assert 'import type { RequestHandler } from "@sveltejs/kit";' in moved
    assert "$types" not in moved


def test_a_route_that_is_tied_to_its_place_stays(tmp_path: Path) -> None:
    app = copied(REACT_ROUTER, tmp_path / "app")
    route = app / "app/routes/api.cron.echo.ts"
    source = route.read_text().replace(
        "import { isCron }",
        'import type { Route } from "./+types/api.cron.echo";\nimport { isCron }',
    )
    route.write_text(source)
    stays = ended(app)
    assert "app/routes/api.cron.echo.ts stays: its framework needs it where it is." in stays
    assert route.read_text() == source


def test_types_that_no_compiler_has_looked_at_are_told_to_be_unchecked(tmp_path: Path) -> None:
    app = copied(NUXT, tmp_path / "app")
    compiler = app / "node_modules/typescript/bin/tsc"
    compiler.parent.mkdir(parents=True)
    compiler.write_text("process.exit(0);")
    with pytest.raises(NotCompiledError, match="refers to others"):
        compile_types(app, timedelta(minutes=1))


def test_the_library_is_copied_where_there_is_no_package_of_it(tmp_path: Path) -> None:
    app = copied(SVELTEKIT, tmp_path / "app")
    (app / "cronshift.toml").write_text('[project]\nruntime = "npm"\n')
    with pytest.raises(ConfigError) as caught:
        make_plan(load_project(app))
    assert "SvelteKit" in caught.value.message


@pytest.mark.parametrize(
    ("kit", "file", "before", "after"),
    [
        pytest.param(TANSTACK, "tsconfig.json", None, None, id="no types"),
        pytest.param(TANSTACK, "vite.config.ts", "Start()", 'Start({ srcDirectory: "app" })', id="elsewhere"),
        pytest.param(TANSTACK, "src/routes/api/cron/gone.ts", "createFileRoute(", "createServerFileRoute(", id="older"),
        pytest.param(TANSTACK, "package.json", "@tanstack/react-start", "@tanstack/solid-start", id="for Solid"),
        pytest.param(SOLIDSTART, "app.config.ts", "({", '({ routeDir: "./pages",', id="other folder"),
        pytest.param(SOLIDSTART, "package.json", '"1.3.2"', '"^2.0.0"', id="newer"),
        pytest.param(NITRO, "nitro.config.ts", "srcDir", 'baseURL: "/app", srcDir', id="other paths"),
        pytest.param(NUXT, "nuxt.config.ts", "({", '({ serverDir: "backend",', id="other server"),
        pytest.param(REACT_ROUTER, "app/routes.ts", "flatRoutes()", 'flatRoutes({ rootDirectory: "pages" })', id="other routes"),
        pytest.param(REACT_ROUTER, "react-router.config.ts", "{ ssr", '{ appDirectory: "src", ssr', id="other app"),
        pytest.param(REMIX, "vite.config.ts", "remix()", 'remix({ appDirectory: "src" })', id="other app of Remix"),
        pytest.param(REMIX, "vite.config.ts", "remix()", "remix({ routes: (define) => own(define) })", id="a list"),
    ],
)  # fmt: skip
def test_an_app_that_is_laid_out_otherwise_is_called_over_http(
    tmp_path: Path, kit: Kit, file: str, before: str | None, after: str | None
) -> None:
    app = copied(kit, tmp_path / "app")
    assert make_plan(load_project(app)).target == "typescript"
    if before is None:
        (app / file).unlink()
    else:
        (app / file).write_text((app / file).read_text().replace(before, after or ""))
    plan = make_plan(load_project(app))
    assert plan.target == "python"
    assert {job.mode for job in plan.jobs} == {Mode.BRIDGE}
    (why,) = [one for one in plan.findings if one.code == "CS558"]
    assert why.message.startswith("Functions go into a Python package: ")
    settings = app / "cronshift.toml"
    settings.write_text(
        f'[project]\ntarget = "python"\n{settings.read_text() if settings.exists() else ""}'
    )
    assert "CS558" not in {one.code for one in make_plan(load_project(app)).findings}


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ("{}", ""),
        ('{ srcDir: "./server/" }', "server/"),
        ('{ scanDirs: ["./more", "server"] }', ""),
        ('{ srcDir: `src`, scanDirs: ["server"] }', "src/"),
    ],
)
def test_routes_of_nitro_are_added_where_its_settings_look(
    tmp_path: Path, settings: str, folder: str
) -> None:
    app = copied(NITRO, tmp_path / "app")
    (app / "nitro.config.ts").write_text(f"export default defineNitroConfig({settings});\n")
    if settings == "{}":
        for source in (app / "server").iterdir():
            source.rename(app / source.name)
        (app / "server").rmdir()
    plan = make_plan(load_project(app))
    assert {job.mode for job in plan.jobs} == {Mode.DIRECT}
    assert app_of(plan).endpoint_file == f"{folder}routes/api/inngest.ts"


@pytest.mark.parametrize(
    "options",
    [
        '{ ignoredRouteFiles: ["**/*"], routes: (define) => flatRoutes("routes", define) }',
        '{ appDirectory: "app" }',
        """{
    // appDirectory: "src",
  }""",
    ],
)
def test_a_list_that_is_made_from_the_files_is_one_of_files(tmp_path: Path, options: str) -> None:
    app = copied(REMIX, tmp_path / "app")
    config = app / "vite.config.ts"
    config.write_text(config.read_text().replace("remix()", f"remix({options})"))
    assert make_plan(load_project(app)).target == "typescript"


@pytest.mark.parametrize(
    ("kit", "path", "file"),
    [
        (TANSTACK, "/api/cron/a.b", "src/routes/api/cronshift/api/cron/a[.]b.ts"),
        (TANSTACK, "/api/cron/index", None),
        (TANSTACK, "/api/cron/-x", None),
        (TANSTACK, "/api/cron/x_", None),
        (SOLIDSTART, "/api/cron/a.b", "src/routes/api/cronshift/api/cron/a.b.ts"),
        (SOLIDSTART, "/api/cron/reindex", None),
    ],
)
def test_a_path_that_no_files_name_can_say_has_no_guard(
    tmp_path: Path, kit: Kit, path: str, file: str | None
) -> None:
    app = copied(kit, tmp_path / "app")
    (app / "vercel.json").write_text(
        json.dumps({"crons": [{"path": path, "schedule": "0 3 * * *"}]})
    )
    plan = make_plan(load_project(app))
    (job,) = plan.jobs
    assert dispatcher_file(plan, job) == file


def test_routes_that_no_build_has_listed_yet_are_told_to_be_unchecked(tmp_path: Path) -> None:
    app = copied(TANSTACK, tmp_path / "app")
    migrated(app)
    (finding,) = check_types(app, make_plan(load_project(app)))
    assert finding.code == "CS437"
    assert "src/routeTree.gen.ts does not list src/routes/api/inngest yet" in finding.message
    assert finding.fix == "Build the app, and validate again."


@pytest.mark.parametrize(("base", "target"), [("/api", "typescript"), ("/v1", "python")])
def test_an_app_of_another_base_path_answers_no_endpoint(
    tmp_path: Path, base: str, target: str
) -> None:
    app = copied(HONO, tmp_path / "app")
    index = app / "src/index.ts"
    source = index.read_text().replace("new Hono<Kept>()", f'new Hono<Kept>().basePath("{base}")')
    index.write_text(source.replace('"/api/', '"/' if base == "/api" else '"/api/'))
    if base == "/v1":
        (app / "vercel.json").write_text(
            (app / "vercel.json").read_text().replace('"/api/', '"/v1/api/')
        )
    assert make_plan(load_project(app)).target == target


@pytest.mark.parametrize(
    ("kit", "change", "title"),
    [
        (NESTJS, ("", ""), "NestJS on Express"),
        (NESTJS, ("import {", "// no FastifyAdapter\nimport {"), "NestJS on Express"),
        (NESTJS_ON_FASTIFY, ("", ""), "NestJS on Fastify"),
        (NESTJS_ON_FASTIFY, ("new FastifyAdapter({ bodyLimit: 10 })", "adapter"), "NestJS on Fastify"),
        (NESTJS_ON_FASTIFY, ("FastifyAdapter", "adapter"), "NestJS on Fastify"),
    ],
)  # fmt: skip
def test_nestjs_stands_on_the_framework_that_it_is_given(
    tmp_path: Path, kit: Kit, change: tuple[str, str], title: str
) -> None:
    app = copied(kit, tmp_path / "app")
    main = app / "src/main.ts"
    main.write_text(main.read_text().replace(*change))
    assert app_of(make_plan(load_project(app))).framework.title == title

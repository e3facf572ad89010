"""An app that serves functions of its own already: its endpoint is extended, and given back byte for byte."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from cronshift import operations
from cronshift.engine.executor.job_run import Request, run_job
from cronshift.engine.validation.project import validate_endpoint, validate_package
from cronshift.errors import ConfigError, CronshiftError
from cronshift.model import Severity
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .apps import (
    ASTRO,
    EXPRESS,
    FASTIFY,
    FUNCTIONS,
    HONO,
    KOA,
    LONG_AGO,
    NUXT,
    REACT_ROUTER,
    SECRET,
    SOLIDSTART,
    SVELTEKIT,
    TANSTACK,
    Kit,
    copied,
    handed_over,
    installed_copy,
    migrated,
    ran,
    started,
    tree,
)

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = """import { Inngest } from "inngest";

export const client = new Inngest({ id: "shop" });
export const welcome = client.createFunction(
  { id: "welcome", triggers: [{ event: "user/created" }] },
  async () => "welcome",
);
"""
SERVING = "serve({ client, functions: [welcome] })"
METHODS = f"export const {{ GET, POST, PUT }} = {SERVING};\n"


def served(kit: Kit, adapter: str, module: str, file: str, route: str) -> tuple[Kit, str, str]:
    """Return a kit whose endpoint is a route of the app's own, with the two modules of it."""
    imports = (
        f'import {{ serve }} from "{adapter}";\nimport {{ client, welcome }} from "{module}";\n\n'
    )
    return replace(kit, endpoint=file), f"{imports}{route}", module


OWN = [
    served(SVELTEKIT, "inngest/sveltekit", "../../../lib/jobs", SVELTEKIT.endpoint, METHODS),
    served(ASTRO, "inngest/astro", "../../lib/jobs", ASTRO.endpoint, METHODS),
    served(
        NUXT,
        "inngest/nuxt",
        "../lib/jobs",
        NUXT.endpoint,
        f"export default defineEventHandler({SERVING});\n",
    ),
    served(
        REACT_ROUTER,
        "inngest/remix",
        "../lib/jobs",
        REACT_ROUTER.endpoint,
        f"const handler = {SERVING};\n\nexport {{ handler as action, handler as loader }};\n",
    ),
    served(
        SOLIDSTART,
        "inngest/edge",
        "../../lib/jobs",
        SOLIDSTART.endpoint,
        f"const answer = {SERVING};\n\n" + "\n".join(
            f"export const {verb} = (event: {{ request: Request }}) => answer(event.request);"
            for verb in ("GET", "POST", "PUT")
        ) + "\n",
    ),
    served(
        TANSTACK,
        "inngest/edge",
        "../../lib/jobs",
        TANSTACK.endpoint,
        'import { createFileRoute } from "@tanstack/react-router";\n\n'
        f"const answer = {SERVING};\n\n"
        'export const Route = createFileRoute("/api/inngest")({\n'
        "  server: { handlers: { ANY: ({ request }) => answer(request) } },\n});\n",
    ),
    served(
        FUNCTIONS,
        "inngest/edge",
        "../lib/jobs.js",
        FUNCTIONS.endpoint,
        f"const handler = {SERVING};\n\nexport {{ handler as GET, handler as POST, handler as PUT }};\n",
    ),
    served(FUNCTIONS, "inngest/node", "../lib/jobs.js", "api/inngest.ts", f"export default {SERVING};\n"),
]  # fmt: skip
IN_CODE = [
    (HONO, "hono", ".js", 'app.on(["GET", "PUT", "POST"], "/api/inngest", SERVING);'),
    (EXPRESS, "express", "", 'app.use("/api/inngest", SERVING);'),
    (
        KOA,
        "koa",
        "",
        'const own = SERVING; app.use((ctx, next) => (ctx.path === "/api/inngest" ? own(ctx) : next()));',
    ),
    (
        FASTIFY,
        "fastify",
        ".js",
        'app.route({ method: ["GET", "POST", "PUT"], url: "/api/inngest", handler: SERVING });',
    ),
]


def with_route(app: Path, kit: Kit, source: str, module: str) -> Path:
    """Write an app's own endpoint, and what it serves."""
    route = app / kit.endpoint
    route.parent.mkdir(parents=True, exist_ok=True)
    route.write_text(source)
    jobs = (route.parent / module).resolve().with_suffix(".ts")
    jobs.parent.mkdir(parents=True, exist_ok=True)
    jobs.write_text(CLIENT)
    return route


def with_call(app: Path, kit: Kit, adapter: str, extension: str, statement: str) -> Path:
    """Have an app whose routes are declared in code serve functions of its own."""
    (site,) = kit.edited
    file = app / site
    made = re.search(r"^(export )?const app = .*;\n", file.read_text(), re.MULTILINE)
    assert made is not None
    imports = (
        f'import {{ serve }} from "inngest/{adapter}";\n'
        f'import {{ client, welcome }} from "./jobs{extension}";\n'
    )
    call = statement.replace("SERVING", SERVING)
    written = file.read_text().replace(made[0], f"{made[0]}{call}\n")
    file.write_text(imports + written)
    (file.parent / "jobs.ts").write_text(CLIENT)
    return file


def extended(app: Path, file: Path) -> str:
    """Migrate an app, whose endpoint serves all functions then, and undo that; the extended endpoint."""
    before = tree(app)
    done = operations.apply(app, prepare_migration(load_project(app), (), LONG_AGO).operation)
    text = file.read_text()
    plan = make_plan(load_project(app))
    registration, findings = validate_package(app, plan, compiles=False)
    assert registration.count == len(plan.jobs) + 1  # the app's own beside the jobs'
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    assert prepare_migration(load_project(app), (), LONG_AGO).operation.changes == ()
    operations.revert(app, done)
    assert tree(app) == before
    return text


@pytest.mark.parametrize(("kit", "source", "module"), OWN)
def test_a_route_of_the_apps_own_serves_the_functions_too(
    tmp_path: Path, kit: Kit, source: str, module: str
) -> None:
    app = copied(kit, tmp_path / "app")
    route = with_route(app, kit, source, module)
    assert make_plan(load_project(app)).target == "typescript"
    text = extended(app, route)
    assert "functions: [welcome, ...cronshiftFunctions]" in text
    lines = [line for line in source.splitlines() if line]
    shorter = [line for line in text.replace(", ...cronshiftFunctions", "").splitlines() if line]
    added = [line for line in shorter if line not in lines]
    assert [line for line in shorter if line in lines] == lines
    assert all(re.search("cronshift|OPTIONS|maxDuration", line) for line in added)


@pytest.mark.parametrize(("kit", "adapter", "extension", "statement"), IN_CODE)
def test_an_app_that_serves_in_code_takes_in_the_guard_alone(
    tmp_path: Path, kit: Kit, adapter: str, extension: str, statement: str
) -> None:
    app = copied(kit, tmp_path / "app")
    file = with_call(app, kit, adapter, extension, statement)
    assert make_plan(load_project(app)).target == "typescript"
    text = extended(app, file)
    assert "functions: [welcome, ...cronshiftFunctions]" in text
    assert "mountInngest(app);" in text
    migrated(app)
    mounted = (app / kit.endpoint).read_text()
    assert "mounting(null, tell, {" in re.sub(r"\s+", " ", mounted).replace("( ", "(")
    assert "serve(" not in mounted


@pytest.mark.parametrize(
    ("kit", "source", "module"),
    [
        (OWN[0][0], OWN[0][1].replace("{ client, functions: [welcome] }", "options"), OWN[0][2]),
        (OWN[3][0], OWN[3][1].replace("[welcome]", "debug ? [] : [welcome]"), OWN[3][2]),
    ],
)
def test_a_list_that_is_not_written_there_is_refused_with_the_lines(
    tmp_path: Path, kit: Kit, source: str, module: str
) -> None:
    app = copied(kit, tmp_path / "app")
    with_route(app, kit, source, module)
    before = tree(app)
    with pytest.raises(CronshiftError) as caught:
        prepare_migration(load_project(app), (), LONG_AGO)
    assert (caught.value.reason, caught.value.where) == ("cannot-extend", kit.endpoint)
    assert "import { functions as cronshiftFunctions } from" in (caught.value.hint or "")
    assert "...cronshiftFunctions]" in (caught.value.hint or "")
    assert tree(app) == before


def test_an_endpoint_without_a_call_of_serve_is_left_alone(tmp_path: Path) -> None:
    app = copied(FASTIFY, tmp_path / "app")
    (app / "own.ts").write_text(
        'import { serve, fastifyPlugin } from "inngest/fastify";\n'
        "export const register = (app) => app.register(fastifyPlugin, { client, functions });\n"
    )
    assert make_plan(load_project(app)).target == "python"
    (app / "cronshift.toml").write_text('[project]\ntarget = "typescript"\n')
    with pytest.raises(ConfigError, match=re.escape("own.ts serves functions of the app's own")):
        make_plan(load_project(app))


@pytest.mark.parametrize("kit", [HONO, FUNCTIONS], ids=["hono", "functions"])
def test_it_serves_both_for_real(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRON_SECRET", SECRET)
    with installed_copy(kit) as app:
        if kit is HONO:
            with_call(app, *IN_CODE[0])
        else:
            with_route(app, *OWN[6])
        migrated(app)
        handed_over(app, ["nightly"])
        for script in (*kit.checking, kit.building):
            done = ran(kit, app, script)
            assert done.returncode == 0, done.stdout + done.stderr
        plan = make_plan(load_project(app))
        with started(kit, app) as url:
            asked = Request("echo", endpoint=f"{url}/api/inngest")
            run = asyncio.run(run_job(app, plan, asked)).run
            assert run.status == "completed", run.error
            registration, findings = asyncio.run(
                validate_endpoint(plan, f"{url}/api/inngest", None)
            )
            vercel = {"user-agent": "vercel-cron/1.0", "authorization": f"Bearer {SECRET}"}
            schedule = {"x-vercel-cron-schedule": "0 9 * * *"}
            path = "/api/cronshift/api/jobs/nightly"
            skipped = httpx.get(url + path, headers=vercel | schedule, timeout=30)
            asking = {"x-cronshift-tell": "ownership", "authorization": f"Bearer {SECRET}"}
            told = httpx.options(f"{url}/api/inngest", headers=asking, timeout=30).json()
        assert registration.count == 2 * len(plan.jobs) + 1
        assert [finding for finding in findings if finding.severity == "error"] == []
        assert skipped.json() == {"skipped": "owner inngest"}
        assert told["ownership"] is not None

"""Configurations above, below and beside the app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.errors import ConfigError
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.model import Plan

ROUTE = "export async function GET(request: Request) {\n  await run();\n  return Response.json({});\n}\n"
NEXT = '{"name": "%s", "dependencies": {"next": "16.0.0"}}'


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def crons(*paths: str, **more: str) -> str:
    return json.dumps(
        {"crons": [{"path": path, "schedule": "0 5 * * *"} for path in paths], **more}
    )


def handlers(plan: Plan) -> list[str | None]:
    return [job.handler.file if job.handler else None for job in plan.jobs]


def codes(plan: Plan) -> set[str]:
    return {finding.code for finding in plan.findings}


@pytest.mark.parametrize(
    ("named", "folder"),
    [
        ({"outputDirectory": "apps/web/.next"}, "apps/web"),
        ({"outputDirectory": "./apps/web/.vercel/output"}, "apps/web"),
        ({"buildCommand": "cd apps/web && npm run build"}, "apps/web"),
        ({"buildCommand": "pnpm --filter @acme/web... build"}, "apps/web"),
        ({"buildCommand": "turbo run build --filter=web"}, "apps/web"),
        ({"buildCommand": "npm run build -w @acme/web"}, "apps/web"),
        ({"buildCommand": "yarn workspace @acme/web build"}, "apps/web"),
        ({"buildCommand": "npx nx build web"}, "apps/web"),
        ({"buildCommand": "npm --prefix ./apps/web run build"}, "apps/web"),
        ({}, "apps/web"),  # the only one that answers
    ],
)
def test_the_app_that_the_configuration_names_is_looked_into(
    tmp_path: Path, named: dict[str, str], folder: str
) -> None:
    files = {
        "vercel.json": crons("/api/tick", **named),
        "package.json": '{"workspaces": ["apps/*"]}',
        "apps/web/package.json": NEXT % "@acme/web",
        "apps/web/app/api/tick/route.ts": ROUTE,
        "apps/blog/package.json": NEXT % "@acme/blog",
        "apps/blog/app/page.tsx": "",
    }
    write(tmp_path, files)
    plan = make_plan(load_project(tmp_path))
    assert handlers(plan) == [f"{folder}/app/api/tick/route.ts"]
    assert not codes(plan) & {"CS301", "CS305", "CS306"}


@pytest.mark.parametrize(
    ("manifest", "entry", "app", "file"),
    [
        ("package.json", '{"dependencies": {"@sveltejs/kit": "2"}}', "src/routes/api/tick/+server.ts", ROUTE),
        ("package.json", '{"dependencies": {"nuxt": "4"}}', "server/api/tick.get.ts", "export default eventHandler(() => run());\n"),
        ("package.json", '{"dependencies": {"astro": "5"}}', "src/pages/api/tick.ts", ROUTE),
        ("package.json", '{"dependencies": {"hono": "4"}}', "src/index.ts", "import { Hono } from 'hono';\nconst app = new Hono();\napp.get('/api/tick', run);\nexport default app;\n"),
        ("requirements.txt", "fastapi\n", "main.py", "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/api/tick')\ndef tick(): ...\n"),
    ],
)  # fmt: skip
def test_every_framework_is_found_below_the_configuration(
    tmp_path: Path, manifest: str, entry: str, app: str, file: str
) -> None:
    named = {"outputDirectory": "apps/web/dist"}
    files = {"vercel.json": crons("/api/tick", **named), f"apps/web/{manifest}": entry}
    write(tmp_path, {**files, f"apps/web/{app}": file})
    plan = make_plan(load_project(tmp_path))
    assert handlers(plan) == [f"apps/web/{app}"]
    assert "CS301" not in codes(plan)


def test_the_link_of_vercels_command_line_names_the_app(tmp_path: Path) -> None:
    link = {"settings": {"rootDirectory": "apps/web"}}
    files = {".vercel/project.json": json.dumps(link), "vercel.json": crons("/api/tick")}
    for name in ("web", "blog"):
        files |= {f"apps/{name}/package.json": NEXT % name}
        files |= {f"apps/{name}/app/api/tick/route.ts": ROUTE}
    write(tmp_path, files)
    assert handlers(make_plan(load_project(tmp_path))) == ["apps/web/app/api/tick/route.ts"]


def test_an_app_in_the_root_stays_the_app_whatever_else_is_built(tmp_path: Path) -> None:
    files = {
        "vercel.json": crons("/cron", buildCommand="cd panel && npm run build"),
        "requirements.txt": "fastapi\n",
        "main.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/cron')\ndef cron(): ...\n",
        "panel/package.json": '{"dependencies": {"vite": "6"}}',
    }
    write(tmp_path, files)
    assert handlers(make_plan(load_project(tmp_path))) == ["main.py"]


def test_from_an_app_the_configuration_above_it_is_found_as_git_looks(tmp_path: Path) -> None:
    files = {"vercel.json": crons("/api/tick")}
    for name in ("web", "blog"):
        files |= {f"apps/{name}/package.json": NEXT % name}
        files |= {f"apps/{name}/app/api/tick/route.ts": ROUTE}
    write(tmp_path, files)
    project = load_project(tmp_path / "apps/web/app")
    assert project.root == tmp_path
    assert handlers(make_plan(project)) == ["apps/web/app/api/tick/route.ts"]


def test_nothing_above_the_repository_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, {"vercel.json": crons("/api/tick"), "mine/.git/HEAD": "", "mine/a": ""})
    with pytest.raises(ConfigError, match=r"no vercel\.json"):
        load_project(tmp_path / "mine")


def test_imports_are_resolved_by_the_nearest_tsconfig_and_the_workspace(tmp_path: Path) -> None:
    files = {
        "vercel.json": crons("/api/tick", outputDirectory="apps/web/.next"),
        "tsconfig.base.json": '{"compilerOptions": {"paths": {"#shared/*": ["./shared/*"]}}}',
        "apps/web/tsconfig.json": '{"extends": "../../tsconfig.base.json"}',
        "apps/web/package.json": NEXT % "web",
        "apps/web/app/api/tick/route.ts": ROUTE,
        "apps/web/lib/run.ts": "",
        "shared/log.ts": "",
        "packages/db/package.json": '{"name": "@acme/db", "exports": {".": {"import": "./src/index.ts"}}}',
        "packages/db/src/index.ts": "",
        "packages/db/src/users.ts": "",
    }
    write(tmp_path, files)
    tree = load_project(tmp_path).resolver().tree
    route = "apps/web/app/api/tick/route.ts"
    assert tree.imported(route, "@/lib/run") == "apps/web/lib/run.ts"
    assert tree.imported(route, "#shared/log") == "shared/log.ts"
    assert tree.imported(route, "@acme/db") == "packages/db/src/index.ts"
    assert tree.imported(route, "@acme/db/users") == "packages/db/src/users.ts"
    assert tree.imported(route, "next/server") is None


def test_crons_in_nuxts_configuration_are_read(tmp_path: Path) -> None:
    config = (
        "export default defineNuxtConfig({\n  nitro: { vercel: { config: {\n"
        '    crons: [{ path: "/api/tick", schedule: "0 5 * * *" }],\n  } } },\n});\n'
    )
    files = {"nuxt.config.ts": config, "package.json": '{"dependencies": {"nuxt": "4"}}'}
    write(tmp_path, {**files, "server/api/tick.ts": "export default eventHandler(() => run());\n"})
    plan = make_plan(load_project(tmp_path))
    assert handlers(plan) == ["server/api/tick.ts"]
    assert (plan.config_file, plan.jobs[0].entry.source.line) == ("nuxt.config.ts", 3)


def test_scheduled_tasks_are_told_with_their_names_and_schedules(tmp_path: Path) -> None:
    config = "export default defineNuxtConfig({\n  nitro: {\n    // scheduledTasks: { '1 * * * *': 'old' },\n    scheduledTasks: { '0 3 * * *': ['db:clean', 'mail'] } },\n});\n"
    write(tmp_path, {"nuxt.config.ts": config})
    (finding,) = make_plan(load_project(tmp_path)).findings
    assert finding.message == "nuxt.config.ts runs db:clean, mail on '0 3 * * *'."
    assert finding.location is not None
    assert finding.location.line == 4


def test_a_computed_script_is_read_from_what_vercel_made_of_it(tmp_path: Path) -> None:
    files = {
        "vercel.ts": "export const config = { crons: entries(process.env.VERCEL_ENV) };\n",
        ".vercel/vercel.json": crons("/api/tick"),
        "package.json": NEXT % "web",
        "app/api/tick/route.ts": ROUTE,
    }
    write(tmp_path, files)
    plan = make_plan(load_project(tmp_path))
    assert handlers(plan) == ["app/api/tick/route.ts"]
    assert "CS122" in codes(plan)
    assert "CS111" not in codes(plan)


def test_a_configuration_in_no_projects_folder_is_told_from_every_side(tmp_path: Path) -> None:
    files = {"package.json": NEXT % "web", "src/vercel.json": crons("/api/tick")}
    write(tmp_path, {**files, "src/app/api/tick/route.ts": ROUTE})
    with pytest.raises(ConfigError) as error:
        load_project(tmp_path)
    assert "never been registered" in (error.value.hint or "")
    assert "-C" not in (error.value.hint or "")
    assert "CS118" in codes(make_plan(load_project(tmp_path / "src")))
    write(tmp_path, {"vercel.json": crons("/api/tick")})
    assert "CS118" in codes(make_plan(load_project(tmp_path)))
    (tmp_path / "tests").mkdir()
    (tmp_path / "src/vercel.json").rename(tmp_path / "tests/vercel.json")
    assert "CS118" not in codes(make_plan(load_project(tmp_path)))


def test_a_path_that_two_projects_schedule_is_told_from_both(tmp_path: Path) -> None:
    files = {
        "vercel.json": crons("/api/tick"),
        "apps/web/vercel.json": crons("/api/tick", "/api/other"),
        "apps/web/package.json": NEXT % "web",
        "apps/web/app/api/tick/route.ts": ROUTE,
        "apps/web/app/api/other/route.ts": ROUTE,
    }
    write(tmp_path, files)
    above = make_plan(load_project(tmp_path))
    (twice,) = [one for one in above.findings if one.code == "CS119"]
    assert "apps/web/vercel.json" in twice.message
    (root,) = [one for one in above.findings if one.code == "CS306"]
    assert "-C apps/web" in root.fix
    inner = make_plan(load_project(tmp_path / "apps/web"))
    assert [one.job for one in inner.findings if one.code == "CS119"] == ["tick"]
    write(tmp_path, {"vercel.json": crons("/api/tick", "/api/other")})
    (twice,) = [one for one in make_plan(load_project(tmp_path)).findings if one.code == "CS119"]
    assert "/api/tick and 1 more are scheduled in apps/web/vercel.json too" in twice.message


def test_a_configuration_among_the_routes_of_a_project_is_none_of_another(tmp_path: Path) -> None:
    files = {"vercel.json": crons("/api/tick"), "app/vercel.json": crons("/api/tick")}
    write(tmp_path, {**files, "package.json": NEXT % "web", "app/api/tick/route.ts": ROUTE})
    assert {"CS118", "CS119"} & set(codes(make_plan(load_project(tmp_path)))) == {"CS118"}


@pytest.mark.parametrize(
    ("path", "is_told"),
    [
        ("/api/cron/[tenant]", True),
        ("/api/cron/:id", True),
        ("/api/cron/*", True),
        ("/api/tick?key=${CRON_SECRET}", True),
        ("/api/tick/$INSTALLATION_ID", True),
        ("/api/tick?token=@CRON_SECRET", True),
        ("/api/tick?token=@cron-secret", True),
        ("/api/tick?token=CRON_SECRET", True),
        ("/api/tick?token=%CRON_SECRET%", True),
        ("/api/tick?token=process.env.CRON_SECRET", True),
        ("/api/tick?token=<your-secret>", True),
        ("/api/tick?token=your_secret_here", True),
        ("/api/tick?token=changeme", True),
        ("/api/tick?kind=DAILY_REPORT&to=team@example.com&name=%20_A", False),
        ("/api/tick?kind=change", False),
        ("/api/tick?filter=%5B1%5D&time=12:30", False),
        ("/api/tick", False),
    ],
)
def test_a_variable_or_a_pattern_in_a_path_is_told(
    tmp_path: Path, path: str, *, is_told: bool
) -> None:
    write(tmp_path, {"vercel.json": crons(path)})
    assert ("CS120" in codes(make_plan(load_project(tmp_path)))) is is_told


def test_what_a_build_made_is_no_dead_path(tmp_path: Path) -> None:
    output = {"version": 3, "crons": [{"path": "/_gen/Zk3v9QmJx0aB1", "schedule": "0 5 * * *"}]}
    files = {".vercel/output/config.json": json.dumps(output), "package.json": NEXT % "web"}
    write(tmp_path, {**files, "app/api/other/route.ts": ROUTE})
    plan = make_plan(load_project(tmp_path))
    assert "CS301" not in codes(plan)
    assert "CS121" in codes(plan)
    assert plan.runnable == ()
    (job,) = plan.jobs
    assert job.id == "gen"
    again = json.dumps(output).replace("Zk3v9QmJx0aB1", "Qp7w2RnLy8cD5")
    write(tmp_path, {".vercel/output/config.json": again})
    assert [job.id for job in make_plan(load_project(tmp_path)).jobs] == ["gen"]


def test_a_dead_path_that_an_app_below_answers_is_not_called_dead(tmp_path: Path) -> None:
    files = {"vercel.json": crons("/api/tick"), "package.json": NEXT % "root"}
    files |= {"app/api/other/route.ts": ROUTE, "apps/web/package.json": NEXT % "web"}
    write(tmp_path, {**files, "apps/web/app/api/tick/route.ts": ROUTE})
    plan = make_plan(load_project(tmp_path))
    assert codes(plan) >= {"CS306"}
    assert "CS301" not in codes(plan)


def test_an_app_with_a_configuration_but_no_entries_of_its_own_is_followed_and_doubted(
    tmp_path: Path,
) -> None:
    files = {
        "vercel.json": crons("/api/tick"),
        "apps/web/vercel.json": '{"framework": "nextjs"}',
        "apps/web/package.json": NEXT % "web",
        "apps/web/app/api/tick/route.ts": ROUTE,
    }
    write(tmp_path, files)
    plan = make_plan(load_project(tmp_path))
    assert handlers(plan) == ["apps/web/app/api/tick/route.ts"]
    assert "CS306" in codes(plan)


def test_a_stray_next_config_makes_no_next_app_of_another_framework(tmp_path: Path) -> None:
    files = {"vercel.json": crons("/api/tick"), "next.config.js": "module.exports = {};\n"}
    files |= {"package.json": '{"dependencies": {"astro": "5"}}', "src/pages/api/tick.js": ROUTE}
    write(tmp_path, files)
    plan = make_plan(load_project(tmp_path))
    assert "CS302" not in codes(plan)
    assert plan.jobs[0].handler is not None
    assert plan.jobs[0].handler.kind.value == "astro-route"


@pytest.mark.parametrize(
    ("file", "text", "code"),
    [
        (
            "src/routes/api/tick.ts",
            "export const Route = createFileRoute('/api/tick')({ server: { handlers: { GET: () => run() } } });\n",
            None,
        ),
        (
            "src/routes/api.tick.ts",
            "export const ServerRoute = createServerFileRoute().methods({ GET: async () => run() });\n",
            None,
        ),
        (
            "src/routes/api/tick.ts",
            "export const APIRoute = createAPIFileRoute('/api/tick')({ POST: async () => run() });\n",
            "CS302",
        ),
        ("src/routes/other.tsx", "export const Route = createFileRoute('/other')({});\n", "CS301"),
    ],
)
@pytest.mark.parametrize("beside", ["", '"nitro": "3.0.0", '])
def test_tanstack_start_is_read(
    tmp_path: Path, file: str, text: str, code: str | None, beside: str
) -> None:
    package = f'{{"dependencies": {{{beside}"@tanstack/react-start": "1"}}}}'
    write(tmp_path, {"vercel.json": crons("/api/tick"), "package.json": package, file: text})
    plan = make_plan(load_project(tmp_path))
    assert codes(plan) & {"CS301", "CS302", "CS305"} == ({code} if code else set())
    assert code == "CS301" or handlers(plan) == [file]


@pytest.mark.parametrize(
    ("file", "text", "code"),
    [
        ("next.config.js", "module.exports = { rewrites: async () => makeRules() };\n", "CS305"),
        (
            "next.config.ts",
            "export default { async rewrites() { return [...more, { source: '/a', destination: '/b' }]; } };\n",
            "CS305",
        ),
        (
            "next.config.ts",
            "export default { async rewrites() { return [{ source: '/a', destination: '/b' }]; } };\n",
            "CS301",
        ),
        (
            "middleware.ts",
            "export function middleware(r) { return NextResponse.rewrite(target(r)); }\n",
            "CS305",
        ),
        (
            "middleware.ts",
            "export function middleware(r) { return NextResponse.rewrite(target(r)); }\nexport const config = { matcher: '/shop/:path*' };\n",
            "CS301",
        ),
    ],
)
def test_a_path_that_code_may_rewrite_is_not_called_dead(
    tmp_path: Path, file: str, text: str, code: str
) -> None:
    files = {"vercel.json": crons("/api/tick"), "package.json": NEXT % "web", file: text}
    write(tmp_path, {**files, "app/api/other/route.ts": ROUTE})
    assert codes(make_plan(load_project(tmp_path))) & {"CS301", "CS305"} == {code}


def test_entries_that_another_configuration_stands_beside_are_told_at_one_place(
    tmp_path: Path,
) -> None:
    files = {
        "vercel.json": crons("/api/tick", "/api/other"),
        "apps/web/vercel.json": "{}",
        "apps/web/package.json": NEXT % "web",
        "apps/web/app/api/tick/route.ts": ROUTE,
        "apps/web/app/api/other/route.ts": ROUTE,
    }
    write(tmp_path, files)
    found = [one for one in make_plan(load_project(tmp_path)).findings if one.code == "CS306"]
    assert len(found) == 2
    assert {(one.message, str(one.location)) for one in found} == {
        (found[0].message, "apps/web/vercel.json:1")
    }


@pytest.mark.parametrize(
    ("file", "text", "code"),
    [
        ("apps/web/app/api/other/route.ts", ROUTE, "CS301"),
        ("apps/web/app/api/[...rest]/route.ts", ROUTE, None),
        ("apps/web/src/main.rs", "fn main() {}", "CS305"),
    ],
)
def test_a_path_that_no_app_of_the_workspace_answers_is_dead(
    tmp_path: Path, file: str, text: str, code: str | None
) -> None:
    files = {
        "vercel.json": crons("/api/tick"),
        "package.json": '{"workspaces": ["apps/*", "packages/*"]}',
        "packages/shared/package.json": '{"name": "shared"}',
        "packages/shared/index.ts": "export const one = 1;\n",
        "apps/web/package.json": '{"name": "web"}' if file.endswith(".rs") else NEXT % "web",
        file: text,
    }
    write(tmp_path, files)
    assert codes(make_plan(load_project(tmp_path))) & {"CS301", "CS305", "CS306"} == {code} - {None}


def test_a_configuration_that_says_next_where_there_is_none_hides_no_other_app(
    tmp_path: Path,
) -> None:
    document = {**json.loads(crons("/api/tick")), "framework": "nextjs"}
    app = "import express from 'express';\nconst app = express();\n"
    files = {
        "vercel.json": json.dumps(document),
        "package.json": '{"dependencies": {"express": "5"}}',
        "src/app.ts": f"{app}app.post('/api/tick', (q, r) => r.json(1));\nexport default app;\n",
    }
    write(tmp_path, files)
    assert "CS302" in codes(make_plan(load_project(tmp_path)))


def test_a_path_that_a_runtime_of_others_answers_is_told_as_unknown(tmp_path: Path) -> None:
    rules = [{"src": "/(.*)", "dest": "/api/index.php"}]
    document = {**json.loads(crons("/api/tick")), "routes": rules}
    write(tmp_path, {"vercel.json": json.dumps(document), "api/index.php": "<?php run();"})
    assert codes(make_plan(load_project(tmp_path))) == {"CS305"}


@pytest.mark.parametrize(
    ("path", "is_told"),
    [
        ("/api/tick?secret=of-the-spring", True),
        ("/api/tick?day=monday&CRON_SECRET=of-the-spring", True),
        ("/api/tick?api-key=of-the-spring", True),
        ("/api/tick?access_token=of-the-spring", True),
        ("/api/tick?secret=${CRON_SECRET}", False),
        ("/api/tick?secret=@CRON_SECRET", False),
        ("/api/tick?secret=", False),
        ("/api/tick?tokens=all-of-them", False),
        ("/api/tick?author=of-the-spring", False),
        ("/api/secret/tick", False),
    ],
)
def test_a_credential_in_a_path_is_told_and_not_shown(
    tmp_path: Path, path: str, *, is_told: bool
) -> None:
    write(tmp_path, {"vercel.json": crons(path)})
    evidence = [one for one in make_plan(load_project(tmp_path)).findings if one.code == "CS123"]
    assert bool(evidence) is is_told
    assert "spring" not in "".join(f"{one.message}{one.fix}" for one in evidence)


@pytest.mark.parametrize(
    ("document", "place", "is_told"),
    [
        ('{\n"cron": [{}]}', 2, True),
        ('{\n"cronJobs": []}', 2, True),
        ('{\n"cron_jobs": []}', 2, True),
        ('{"build": {\n"crons": [{"path": "/api/tick", "schedule": "0 5 * * *"}]}}', 2, True),
        ('{"build": {"env": {"CRONS": "2"}}, "functions": {"api/crons/*.ts": {}}}', 1, False),
        ('{"crons": []}', 1, False),
    ],
)
def test_a_list_of_crons_where_vercel_looks_for_none_is_an_error(
    tmp_path: Path, document: str, place: int, *, is_told: bool
) -> None:
    write(tmp_path, {"vercel.json": document})
    plan = make_plan(load_project(tmp_path))
    lines = [one.location.line for one in plan.findings if one.location and one.code == "CS109"]
    assert lines == ([place] if is_told else [])


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ('{"crons": [],\n"crons": []}', [1]),
        ('{"crons": [{\n"path": "/a",\n"schedule": "0 5 * * *",\n"path": "/b"}]}', [2]),
        ('{"git": {\n"deploymentEnabled": true,\n"deploymentEnabled": false}}', [2]),
        ('{"crons": [{"path": "/a", "schedule": "0 5 * * *"}, {"path": "/b", "schedule": "0 5 * * *"}]}', []),
    ],
)  # fmt: skip
def test_a_key_that_stands_twice_is_told_at_the_place_that_is_lost(
    tmp_path: Path, document: str, lines: list[int]
) -> None:
    write(tmp_path, {"vercel.json": document})
    plan = make_plan(load_project(tmp_path))
    repeated = [one.location.line for one in plan.findings if one.location and one.code == "CS124"]
    assert repeated == lines


def test_a_document_that_is_nested_deeply_is_no_bug_of_ours(tmp_path: Path) -> None:
    nested = '{"a": ' * 800 + '{"b": 1, "b": 2}' + "}" * 800
    write(tmp_path, {"vercel.json": f'{{"crons": [], "crons": [], "deep": {nested}}}'})
    plan = make_plan(load_project(tmp_path))
    assert [one.code for one in plan.findings if one.code == "CS124"] == ["CS124"]


@pytest.mark.parametrize(
    "file", ["src/app/api/tick/route.ts", "src/api/tick.ts", "server/api/tick/index.js"]
)
def test_a_source_that_is_named_like_a_dead_path_and_not_read_is_named(
    tmp_path: Path, file: str
) -> None:
    files = {"vercel.json": crons("/api/tick"), "package.json": NEXT % "web", file: ROUTE}
    write(tmp_path, {**files, "app/api/other/route.ts": ROUTE})
    plan = make_plan(load_project(tmp_path))
    (dead,) = [one for one in plan.findings if one.code == "CS301"]
    assert f"{file} lies where no route is read" in dead.message


@pytest.mark.parametrize(
    ("seconds", "is_told"),
    [("3600", True), ("60 * 40", True), ("800", False), ("60 * 13", False)],
)
def test_a_duration_that_vercel_refuses_is_an_error(
    tmp_path: Path, seconds: str, *, is_told: bool
) -> None:
    route = f"export const maxDuration = {seconds};\n{ROUTE}"
    files = {"vercel.json": crons("/api/tick"), "package.json": NEXT % "web"}
    write(tmp_path, {**files, "app/api/tick/route.ts": route})
    assert ("CS125" in codes(make_plan(load_project(tmp_path)))) is is_told


WRITTEN = "export const GET = async () => { await run(); return new Response(); };\n"


@pytest.mark.parametrize(
    ("package", "config", "text", "file", "base"),
    [
        ("@sveltejs/kit", "svelte.config.js", "const config = { kit: { paths: { base: '/shop' } } };\nexport default config;", "src/routes/api/tick/+server.ts", "/shop"),
        ("astro", "astro.config.mjs", "export default defineConfig({ base: 'shop/eu' });", "src/pages/api/tick.ts", "/shop/eu"),
        ("nuxt", "nuxt.config.ts", "export default defineNuxtConfig({ app: { baseURL: '/shop/' } })", "server/api/tick.get.ts", "/shop"),
        ("@react-router/dev", "react-router.config.ts", "export default { basename: '/shop' } satisfies Config;", "app/routes/api.tick.ts", "/shop"),
        ("astro", "astro.config.mjs", "// base: '/shop'\nexport default defineConfig({});", "src/pages/api/tick.ts", ""),
    ],
)  # fmt: skip
def test_what_every_path_of_an_app_begins_with_is_read(
    tmp_path: Path, package: str, config: str, text: str, file: str, base: str
) -> None:
    files = {
        "vercel.json": crons("/api/tick", "/shop/api/tick", "/shop/eu/api/tick"),
        "package.json": json.dumps({"dependencies": {package: "5.0.0"}}),
        config: text,
        file: WRITTEN,
    }
    write(tmp_path, files)
    plan = make_plan(load_project(tmp_path))
    assert [job.entry.path for job in plan.jobs if job.handler] == [f"{base}/api/tick"]
    (first, *_) = [one for one in plan.findings if one.code == "CS301"]
    assert f"{base}/api/tick" in first.fix
    assert all("lies where no route is read" not in one.message for one in plan.findings)
    if base:
        write(tmp_path, {"cronshift.toml": '[project]\ntarget = "typescript"\n'})
        with pytest.raises(ConfigError) as caught:
            make_plan(load_project(tmp_path))
        assert f"begins with {base}" in caught.value.message

"""Every fact that a move depends on: known good, known bad, and not known."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from cronshift.readiness.checking import settled
from cronshift.readiness.fact import Fact, Knowledge, Stage
from cronshift.readiness.kinds import ENTRY, REACHED

from .conftest import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Asked

GOOD, BAD, UNKNOWN = Knowledge.GOOD, Knowledge.BAD, Knowledge.UNKNOWN
ROUTE = {
    "app/api/cron/mail/route.ts": "export async function GET() { return Response.json({}); }\n"
}
NEXT = {
    **ROUTE,
    "package.json": json.dumps(
        {"name": "shop", "dependencies": {"next": "16.0.0", "inngest": "4.24.0"}}
    ),
    "cronshift.toml": '[project]\ntarget = "nextjs"\n',
}
FASTAPI = {
    "requirements.txt": "fastapi\ncronshift-runtime[functions]\n",
    "cronshift_guard.py": 'guard = Guard(\n    Job(id="mail", path="/api/cron/mail", schedule="0 3 * * *"),\n)\n',
    "api/index.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/api/cron/mail')\ndef mail(): ...\n",
}
GUARDED = FASTAPI["api/index.py"].replace("app = FastAPI()\n", "from cronshift_guard import guard\napp = FastAPI()\napp.add_middleware(guard.asgi)\n")  # fmt: skip
DISPATCHER = {"app/api/cronshift/api/cron/mail/route.ts": "export function GET() {}\n"}
SVELTE = {"package.json": '{"dependencies": {"@sveltejs/kit": "2"}}', "src/routes/api/cron/mail/+server.ts": "export const GET = () => new Response();\n"}  # fmt: skip
HONO = {"package.json": '{"dependencies": {"hono": "4"}}', "src/index.ts": "import { Hono } from 'hono';\nconst app = new Hono();\napp.get('/api/cron/mail', (c) => c.text(''));\nexport default app;\n"}  # fmt: skip


@pytest.mark.parametrize(
    ("files", "answer", "evidence"),
    [
        ({**FASTAPI, "api/index.py": GUARDED}, GOOD, "api/index.py:4"),
        (FASTAPI, BAD, "api/index.py:2"),
        ({**FASTAPI, "api/index.py": GUARDED, "cronshift_guard.py": "guard = Guard()\n"}, BAD, "cronshift_guard.py:1"),
        ({**FASTAPI, "api/index.py": GUARDED.replace("app.add", "if DEBUG:\n    app.add")}, UNKNOWN, "api/index.py:5"),
        ({**NEXT, **DISPATCHER}, GOOD, "app/api/cronshift/api/cron/mail/route.ts:1"),
        (NEXT, BAD, "vercel.json:1"),  # the dispatcher is not generated yet
        ({**NEXT, "cronshift.toml": ""}, BAD, "vercel.json:1"),  # the Python target: no guard in the app
        (SVELTE, BAD, "vercel.json:1"),
        (HONO, BAD, "vercel.json:1"),
    ],
)  # fmt: skip
def test_a_guard_stands_before_every_entry(
    asked: Asked, files: dict[str, str], answer: Knowledge, evidence: str
) -> None:
    (fact,) = asked(files, "R101")
    assert (fact.answer, fact.evidence, fact.jobs) == (answer, evidence, ("mail",))
    is_impossible = evidence == "vercel.json:1" and files not in (NEXT, HONO)
    assert ("--no-guard" in fact.remedy) or not is_impossible


def test_no_guard_is_asked_for_where_the_entry_goes(asked: Asked) -> None:
    assert asked(FASTAPI, "R101", stage=Stage.REMOVE) == []


AWAY = "import {{ NextResponse }} from 'next/server';\nexport function proxy(request) {{\n{}\n}}\nexport const config = {{ matcher: ['{}'] }};\n"
NO = "return new NextResponse('', { status: 401 });"


@pytest.mark.parametrize(
    ("code", "body", "matcher", "answer"),
    [
        ("R102", NO, "/api/inngest", GOOD),
        ("R102", NO, "/api/cron/:path*", BAD),
        ("R102", f"if (unclear(request)) {NO}", "/api/cron/:path*", UNKNOWN),
        ("R103", NO, "/api/cron/:path*", GOOD),
        ("R103", NO, "/api/:path*", BAD),
        ("R103", f"if (unclear(request)) {NO}", "/api/:path*", UNKNOWN),
        ("R104", NO, "/api/inngest", GOOD),
        ("R104", NO, "/api/cronshift/:path*", BAD),
        ("R104", f"if (unclear(request)) {NO}", "/api/:path*", UNKNOWN),
    ],
)
def test_nothing_stands_before_what_is_called(
    asked: Asked, code: str, body: str, matcher: str, answer: Knowledge
) -> None:
    (fact,) = asked({**NEXT, "proxy.ts": AWAY.format(body, matcher)}, code)
    assert fact.answer is answer
    assert fact.evidence.startswith("vercel.json" if answer is GOOD else "proxy.ts:3")


SHOP = {"next.config.js": 'module.exports = { basePath: "/shop" };\n'}
SLASH = {"next.config.js": "module.exports = { trailingSlash: true };\n"}


def serve(options: str = "", path: str = "app/api/inngest/route.ts") -> dict[str, str]:
    text = "import { serve } from 'inngest/next';\nconst inngest = new Inngest({ id: 'shop' });\n"
    return {path: f"{text}export const {{ GET }} = serve({{ client: inngest, functions: [], {options} }});\n"}  # fmt: skip


@pytest.mark.parametrize(
    ("files", "answer"),
    [
        ({}, GOOD),
        (serve(), GOOD),
        (serve("servePath: '/api/inngest'"), GOOD),
        ({**SHOP, **serve("servePath: '/shop/api/inngest'")}, GOOD),
        ({**SHOP, **serve(), ".env": "INNGEST_SERVE_PATH=/shop/api/inngest\n"}, GOOD),
        ({**SLASH, **serve("servePath: '/api/inngest/'")}, GOOD),
        ({**SHOP, **serve()}, BAD),
        ({**SLASH, **serve()}, BAD),
        ({**SHOP, **serve("servePath: '/api/inngest'")}, BAD),
        (serve("serveOrigin: 'http://localhost:3000'"), BAD),
        (serve("serveHost: 'http://127.0.0.1:3000'"), BAD),
        (serve("serveOrigin: 'https://shop.example'"), GOOD),
        ({**SHOP, **serve("servePath: process.env.WHERE")}, UNKNOWN),
        (serve("serveOrigin: process.env.WHERE"), UNKNOWN),
    ],
)
def test_the_endpoint_answers_where_the_sdk_registers_it(
    asked: Asked, files: dict[str, str], answer: Knowledge
) -> None:
    assert [fact.answer for fact in asked({**NEXT, **files}, "R111")] == [answer]


@pytest.mark.parametrize(
    ("exported", "answers"),
    [
        ("const { GET, POST, PUT } = serve(OPTIONS)", []),
        ("const { GET, POST } = serve(OPTIONS)", [BAD]),
        ("const { GET, PUT } = serve(OPTIONS)", [BAD]),
        ("const inner = serve(OPTIONS);\nexport const GET = inner.GET;\nexport { inner as POST, inner as PUT }", []),
        ("const { GET, POST } = serve(OPTIONS);\nexport * from './more'", [UNKNOWN]),
    ],
)  # fmt: skip
def test_the_endpoint_answers_every_method_of_the_sdk(
    asked: Asked, exported: str, answers: list[Knowledge]
) -> None:
    text = f"import {{ serve }} from 'inngest/next';\nconst OPTIONS = {{ client: new Inngest({{ id: 'shop' }}), functions: [] }};\nexport {exported};\n"
    files = {**NEXT, "app/api/inngest/route.ts": text}
    assert [fact.answer for fact in asked(files, "R112")] == answers


def package(**dependencies: str) -> dict[str, str]:
    return {
        **NEXT,
        "package.json": json.dumps({"dependencies": {"next": "16.0.0", **dependencies}}),
    }


def pnpm(version: str) -> str:
    return f"importers:\n  .:\n    dependencies:\n      inngest:\n        version: {version}\n"


@pytest.mark.parametrize(
    ("files", "answer"),
    [
        (package(inngest="4.24.0"), GOOD),
        (package(inngest="^4.20.0"), GOOD),
        ({**package(inngest="^3.40.0"), "pnpm-lock.yaml": pnpm("3.54.2(next@16.0.0)")}, GOOD),
        ({**package(inngest="^3.40.0"), "pnpm-lock.yaml": pnpm("3.45.1(next@16.0.0)")}, BAD),
        ({**package(inngest="^3.20.0"), "pnpm-lock.yaml": pnpm("3.21.1(next@14.2.0)")}, BAD),
        ({**package(inngest="*"), "pnpm-lock.yaml": pnpm("2.7.0")}, BAD),
        (package(inngest="latest"), BAD),
        (package(inngest=">=3"), BAD),
        (package(), BAD),
        (package(inngest="^3.40.0"), UNKNOWN),
    ],
)
def test_the_sdks_version_is_known(asked: Asked, files: dict[str, str], answer: Knowledge) -> None:
    assert [fact.answer for fact in asked(files, "R201")] == [answer]


@pytest.mark.parametrize(
    ("dependencies", "answer"),
    [
        ({"zod": "3.25.76", "typescript": "5.9.3"}, GOOD),
        ({}, GOOD),
        ({"zod": "3.24.1"}, BAD),
        ({"typescript": "5.0.4"}, BAD),
        ({"zod": "^3.22.0"}, UNKNOWN),
    ],
)
def test_what_the_sdk_needs_is_there(
    asked: Asked, dependencies: dict[str, str], answer: Knowledge
) -> None:
    (fact,) = asked(package(inngest="4.24.0", **dependencies), "R202")
    assert fact.answer is answer
    if answer is BAD:
        (name,) = dependencies
        assert fact.remedy.startswith(f"npm install {name}@^")


@pytest.mark.parametrize(
    ("lock", "command"),
    [
        ({}, "npm install"),
        ({"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, "pnpm add"),
        ({"yarn.lock": "# yarn lockfile v1\n"}, "yarn add"),
        ({"bun.lock": '{"lockfileVersion": 1}\n'}, "bun add"),
    ],
)
def test_all_that_the_sdk_needs_is_raised_by_one_command_of_the_apps_own(
    asked: Asked, lock: dict[str, str], command: str
) -> None:
    files = package(inngest="4.24.0", zod="3.24.1", typescript="5.0.4")
    (fact,) = asked({**files, **lock}, "R202")
    assert fact.remedy == f"{command} zod@^3.25.0 typescript@^5.8.0"
    assert "zod" in fact.message
    assert "typescript" in fact.message


def test_a_version_that_is_refused_is_raised_by_the_apps_own_command(asked: Asked) -> None:
    lock = {"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}
    (fact,) = asked({**package(inngest="3.40.0"), **lock}, "R201")
    assert fact.remedy == "pnpm add inngest@^3.54.0, or @latest"


def test_the_apps_id_is_pinned(asked: Asked) -> None:
    (fact,) = asked(NEXT, "R301")
    assert (fact.answer, "shop" in fact.message) == (UNKNOWN, True)
    pinned = {**NEXT, "cronshift.toml": '[project]\ntarget = "nextjs"\napp_id = "shop"\n'}
    assert asked(pinned, "R301")[0].answer is GOOD
    client = {"lib/inngest/client.ts": 'export const inngest = new Inngest({ id: "other" });\n'}
    assert asked({**pinned, **client}, "R301")[0].answer is BAD


def test_variables_are_looked_for_by_name_and_never_shown(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridged = {**FASTAPI, "cronshift.toml": '[defaults]\n[project]\nmode = "bridge"\n'}
    functions, app = asked(bridged, "R302")
    assert functions.answer is app.answer is UNKNOWN
    names = "INNGEST_EVENT_KEY, INNGEST_SIGNING_KEY, CRONSHIFT_BASE_URL (the app's address, for mail), CRON_SECRET"
    assert (
        functions.message
        == f"Nothing here shows what is to be set where the functions run: {names}."
    )
    assert "CRON_SECRET" in app.message
    env = "INNGEST_EVENT_KEY=hush-1\nexport INNGEST_SIGNING_KEY='hush-2'\nCRON_SECRET=\n"
    functions, app = asked(
        {**bridged, ".env.local": env, ".env.example": "CRON_SECRET=x\n"}, "R302"
    )
    assert "INNGEST" not in functions.message
    assert "CRON_SECRET" in functions.message  # set to nothing, or in an example, is not set
    monkeypatch.setenv("CRON_SECRET", "hush-3")
    monkeypatch.setenv("CRONSHIFT_BASE_URL", "https://app.example")
    facts = asked(bridged, "R302")
    assert [fact.answer for fact in facts] == [GOOD, GOOD]
    assert "hush" not in json.dumps([fact.to_json() for fact in facts])


@pytest.mark.parametrize(
    ("text", "answer"),
    [("const name = process.env['VERCEL_ENV'];\n", GOOD), ("export {};\n", BAD)],
)
def test_scheduled_ticks_run_in_production_only(asked: Asked, text: str, answer: Knowledge) -> None:
    (fact,) = asked({**NEXT, "lib/inngest/cronshift/calls.ts": text}, "R303")
    assert fact.answer is answer


@pytest.mark.parametrize(
    ("schedule", "percent", "answer"),
    [
        ("0 3 * * *", 10, GOOD),
        ("0 3 */1 * *", 10, GOOD),
        ("TZ=Europe/Berlin 0 4 * * *", 10, BAD),  # the same in winter only
        ("0 4 * * *", 50, BAD),
        ("TZ=Europe/Berlin 0 4 * * *", 100, GOOD),
    ],
)
def test_both_sides_tick_alike_under_a_percentage(
    asked: Asked, schedule: str, percent: int, answer: Knowledge
) -> None:
    settings = f'[jobs.mail]\npath = "/api/cron/mail"\nschedule = "{schedule}"\n'
    (fact,) = asked({**FASTAPI, "cronshift.toml": settings}, "R401", percent=percent)
    assert fact.answer is answer


@pytest.mark.parametrize(
    ("code", "files", "answer"),
    [
        ("R501", FASTAPI, GOOD),
        ("R501", {**FASTAPI, "requirements.txt": "fastapi\ninngest\n"}, BAD),
        ("R501", {"api/cron/mail.py": "def app(environ, start_response): ...\n"}, UNKNOWN),
        ("R502", FASTAPI, GOOD),
        ("R502", {"api/cron/mail.py": "def handler(:\n"}, BAD),
    ],
)
def test_a_python_app_has_its_packages(
    asked: Asked, code: str, files: dict[str, str], answer: Knowledge
) -> None:
    assert [fact.answer for fact in asked(files, code)] == [answer]


@pytest.mark.parametrize(
    ("file", "text", "is_bad"),
    [
        (".python-version", "3.9\n", True),
        (".python-version", "3.12.4\n", False),
        ("runtime.txt", "python-3.10.2\n", True),
        ("Pipfile", '[requires]\npython_version = "3.9"\n', True),
        ("pyproject.toml", '[project]\nrequires-python = "==3.10.*"\n', True),
        ("pyproject.toml", '[project]\nrequires-python = ">=3.9"\n', False),
    ],
)
def test_a_python_that_is_older_than_the_runtime_takes_is_told(
    asked: Asked, file: str, text: str, *, is_bad: bool
) -> None:
    facts = asked({**FASTAPI, file: text}, "R202")
    assert [fact.answer for fact in facts] == ([BAD] if is_bad else [])


@pytest.mark.parametrize(
    ("read", "seen", "answer"),
    [
        (UNKNOWN, GOOD, GOOD),
        (UNKNOWN, BAD, BAD),
        (GOOD, BAD, BAD),
        (GOOD, UNKNOWN, GOOD),
        (BAD, GOOD, BAD),
        (UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_what_a_running_app_shows_settles_what_its_files_do_not(
    read: Knowledge, seen: Knowledge, answer: Knowledge
) -> None:
    from_files = Fact(ENTRY, read, "read", "proxy.ts:1", NOW, jobs=("mail",))
    shown = Fact(ENTRY, seen, "seen", "next dev", NOW, jobs=("mail",))
    endpoint = Fact(REACHED, GOOD, "seen", "next dev", NOW)
    facts = {fact.kind: fact.answer for fact in settled([from_files], [shown, endpoint])}
    assert facts == {ENTRY: answer, REACHED: GOOD}


@pytest.mark.parametrize(
    ("engines", "is_bad"),
    [
        ({"node": "18.x"}, True),
        ({"node": "^16.14.0 || ^18"}, True),
        ({"node": ">=16 <19"}, True),
        ({"node": "18.x || 20.x"}, False),
        ({"node": ">=16"}, False),
        ({"node": "lts/*"}, False),
        ({"npm": "10"}, False),
        ("18", False),
    ],
)
def test_a_node_that_is_older_than_the_sdk_takes_is_bad(
    asked: Asked, engines: object, is_bad: bool
) -> None:
    manifest = {"name": "shop", "engines": engines, "dependencies": {"next": "16.0.0", "inngest": "4.24.0"}}  # fmt: skip
    facts = asked({**NEXT, "package.json": json.dumps(manifest)}, "R202")
    assert ([fact.answer for fact in facts if "Node.js" in fact.message] == [BAD]) is is_bad


@pytest.mark.parametrize(
    ("ignored", "answer", "place"),
    [
        ("lib/\n", BAD, ".gitignore:1"),
        ("# built\nlib/inngest\n", BAD, ".gitignore:2"),
        ("lib/*\n!lib/inngest\n", GOOD, "git check-ignore"),
        ("node_modules\n", GOOD, "git check-ignore"),
        ("app/api/cron\n", GOOD, "git check-ignore"),  # the app's own
    ],
)
def test_what_git_ignores_of_the_generated_files_is_bad(
    asked: Asked, tmp_path: Path, ignored: str, answer: Knowledge, place: str
) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    job = "// Generated by cronshift (sha256 0); yours to edit.\n"
    files = {
        **NEXT,
        ".gitignore": ignored,
        "lib/inngest/functions/mail.ts": job,
        "lib/other.ts": "",
    }
    (fact,) = asked(files, "R504")
    assert (fact.answer, fact.evidence) == (answer, place)
    assert ("git add --force lib/inngest/functions/mail.ts" in fact.remedy) is (answer is BAD)


def test_what_git_ignores_altogether_is_named_as_the_folder(asked: Asked, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    files = {
        **NEXT,
        ".gitignore": "*\n",
        "cronshift.ownership.json": '{"version": 1, "jobs": {}}\n',
        "lib/inngest/functions/mail.ts": "// Generated by cronshift (sha256 0); yours to edit.\n",
    }
    (fact,) = asked(files, "R504")
    assert fact.message.startswith("git ignores ., so")


def test_what_git_has_already_is_not_ignored(asked: Asked, tmp_path: Path) -> None:
    files = {
        **NEXT,
        ".gitignore": "*.json\n",
        "cronshift.ownership.json": '{"version": 1, "jobs": {}}\n',
    }
    asked(files, "R504")
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    assert [fact.answer for fact in asked(files, "R504")] == [BAD]
    subprocess.run([*git, "add", "--force", "cronshift.ownership.json"], check=True)
    assert [fact.answer for fact in asked(files, "R504")] == [GOOD]


def test_a_project_that_git_ignores_as_a_whole_is_deployed_from_elsewhere(
    asked: Asked, tmp_path: Path
) -> None:
    around = tmp_path.parent
    subprocess.run(["git", "init", "--quiet", around], check=True)
    try:
        (around / ".gitignore").write_text(f"/{tmp_path.name}/\n")
        job = "// Generated by cronshift (sha256 0); yours to edit.\n"
        assert asked({**NEXT, "lib/inngest/functions/mail.ts": job}, "R504") == []
    finally:
        shutil.rmtree(around / ".git")
        (around / ".gitignore").unlink()


def test_nothing_is_said_of_git_where_there_is_none(asked: Asked) -> None:
    assert asked(NEXT, "R504") == []


def test_a_repository_that_git_does_not_read_is_not_known(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    assert [fact.answer for fact in asked(NEXT, "R504")] == [UNKNOWN]

"""What only the whole project shows: each rule where it must speak and where it must not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "export async function GET() {\n  await work();\n  return Response.json({});\n}\n"
LONG = "export const maxDuration = 800;\n" + ROUTE
SERVE = 'import { serve } from "inngest/next";\nexport const { GET, POST, PUT } = serve({});\n'
AWAY = "import {{ NextResponse }} from 'next/server';\nexport function middleware(request) {{\n  if (!request.cookies.get('s')) return NextResponse.redirect('/login');\n}}\n{config}"
CALL_V3 = 'inngest.createFunction({ id: "x" }, { cron: "0 3 * * *" }, async () => {});'
CALL_V4 = 'inngest.createFunction({ id: "x", triggers: [{ cron: "0 3 * * *" }] }, async () => {});'

PLANNED = {"cronshift.toml": '[project]\napp_id = "mail"\n'}


def codes(
    root: Path, files: dict[str, str], crons: list[tuple[str, str]] | None = None, **vercel: object
) -> list[tuple[str, str | None, int | None]]:
    entries = crons or [("/api/cron/mail", "0 3 * * *")]
    document = {"crons": [{"path": path, "schedule": when} for path, when in entries], **vercel}
    if not any(file.startswith("app/api/cron/mail/") for file in files):
        files = {"app/api/cron/mail/route.ts": ROUTE, **files}
    for name, text in {"vercel.json": json.dumps(document, indent=1), **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [
        (
            one.code,
            one.location.file if one.location else None,
            one.location.line if one.location else None,
        )
        for one in make_plan(load_project(root)).findings
    ]


def only(found: list[tuple[str, str | None, int | None]], code: str) -> list[tuple[str, int]]:
    return [(file or "", line or 0) for name, file, line in found if name == code]


CHECKED = "const secret = process.env.CRON_SECRET;\n"


def test_a_route_that_waits_for_vercels_call_in_vain_is_told(tmp_path: Path) -> None:
    found = codes(tmp_path, {"app/api/cron/digest/route.ts": CHECKED + ROUTE})
    assert only(found, "CS307") == [("app/api/cron/digest/route.ts", 1)]


def test_a_route_that_only_its_test_imports_is_told(tmp_path: Path) -> None:
    test = "import { GET } from '../app/api/cron/digest/route';\n"
    files = {"app/api/cron/digest/route.ts": CHECKED + ROUTE, "tests/digest.test.ts": test}
    assert only(codes(tmp_path, files), "CS307") == [("app/api/cron/digest/route.ts", 1)]


@pytest.mark.parametrize(
    "files",
    [
        {"app/api/cron/digest/route.ts": ROUTE},  # another scheduler's, for all that is known
        {"app/api/cron/digest/route.ts": CHECKED + ROUTE.replace("GET", "POST")},
        {"app/api/cron/digest/route.ts": CHECKED + "verifyQstashSignature(request);\n" + ROUTE},
        {
            "app/api/cron/digest/route.ts": CHECKED + ROUTE,
            "lib/queue.ts": "await qstash.publishJSON({ url: `${BASE}/api/cron/digest` });\n",
        },
        {
            "app/api/cron/digest/route.ts": CHECKED + ROUTE,
            ".github/workflows/x.yml": "run: curl $URL/api/cron/digest\n",
        },
        {
            "app/api/cron/digest/route.ts": CHECKED + ROUTE,
            "app/api/daily/route.ts": "import { GET as digest } from '../cron/digest/route';\n",
        },
    ],
)
def test_a_route_that_something_else_calls_is_no_forgotten_job(
    tmp_path: Path, files: dict[str, str]
) -> None:
    assert only(codes(tmp_path, files), "CS307") == []


def test_a_function_that_answers_other_paths_too_stays_when_its_jobs_go(tmp_path: Path) -> None:
    text = "import { Hono } from 'hono';\nconst app = new Hono();\napp.get('/api/cron/mail', run);\nexport default app;\n"
    rewrites = [{"source": "/(.*)", "destination": "/api/index"}]
    files = {"api/index.ts": text, "app/api/cron/mail/x.md": ""}
    found = codes(tmp_path, files, rewrites=rewrites, functions={"api/index.ts": {"memory": 128}})
    assert only(found, "CS603") == []


@pytest.mark.parametrize(
    "file", ["app/api/users/route.ts", "app/api/cron/[job]/route.ts", "app/cron/page.tsx"]
)
def test_other_routes_are_nobodys_forgotten_jobs(tmp_path: Path, file: str) -> None:
    assert only(codes(tmp_path, {file: ROUTE}), "CS307") == []


def test_a_glob_that_matches_nothing_is_told_at_its_line(tmp_path: Path) -> None:
    globs = {"app/api/**/*.ts": {"maxDuration": 60}, "api/old/*.ts": {"maxDuration": 60}}
    ((file, line),) = only(codes(tmp_path, {}, functions=globs), "CS309")
    assert "api/old" in (tmp_path / file).read_text().splitlines()[line - 1]


@pytest.mark.parametrize(
    ("version", "refused"),
    [
        ("3.21.9", False),
        ("3.22.0", True),
        ("3.53.1", True),
        ("3.54.0", False),
        ("^3.40.0", False),  # it may well be installed as 3.54
        ("4.24.0", False),
    ],
)
def test_refused_versions_of_the_sdk_are_told(tmp_path: Path, version: str, refused: bool) -> None:
    package = json.dumps({"dependencies": {"next": "16.0.0", "inngest": version}})
    assert bool(only(codes(tmp_path, {"package.json": package}), "CS423")) is refused


def test_the_installed_version_counts_and_not_the_range(tmp_path: Path) -> None:
    files = {
        "package.json": json.dumps({"dependencies": {"next": "16", "inngest": "^3.40.0"}}),
        "node_modules/inngest/package.json": '{"version": "3.41.0"}',
    }
    assert only(codes(tmp_path, files), "CS423") == [("package.json", 1)]


def test_the_version_that_a_workspace_shares_counts(tmp_path: Path) -> None:
    shared = tmp_path / "node_modules/inngest/package.json"
    shared.parent.mkdir(parents=True)
    shared.write_text('{"version": "3.41.0"}')
    app = tmp_path / "apps" / "web"
    app.mkdir(parents=True)
    package = json.dumps({"dependencies": {"next": "16", "inngest": "^3.40.0"}})
    assert only(codes(app, {"package.json": package}), "CS423") == [("package.json", 1)]


@pytest.mark.parametrize(
    ("version", "call", "wrong"),
    [
        ("4.24.0", CALL_V3, True),
        ("4.24.0", CALL_V4, False),
        ("^3.54.0", CALL_V4, True),
        ("^3.54.0", CALL_V3, False),
        ("latest", CALL_V3, False),
    ],
)
def test_the_other_majors_shape_is_told(
    tmp_path: Path, version: str, call: str, wrong: bool
) -> None:
    files = {
        "package.json": json.dumps({"dependencies": {"next": "16", "inngest": version}}),
        "lib/jobs.ts": f'import {{ inngest }} from "./inngest";\nexport const x = {call}\n',
    }
    assert only(codes(tmp_path, files), "CS432") == ([("lib/jobs.ts", 2)] if wrong else [])


@pytest.mark.parametrize(
    ("config", "intercepts"),
    [
        ("", True),
        ("export const config = { matcher: ['/((?!_next/static|favicon.ico).*)'] };", True),
        ("export const config = { matcher: '/api/:path*' };", True),
        ("export const config = { matcher: ['/dashboard/:path*', '/account'] };", False),
        ("export const config = { matcher: ['/((?!api|_next).*)'] };", False),
        ("export const config = { matcher: ['/((?!api/inngest|_next).*)'] };", False),
        ("export const config = { matcher: [{ source: '/api/:path*' }] };", True),
        ("export const config = { matcher: computed() };", False),
    ],
)
def test_a_middleware_before_the_endpoint_is_told(
    tmp_path: Path, config: str, intercepts: bool
) -> None:
    middleware = {"middleware.ts": AWAY.format(config=config)}
    assert only(codes(tmp_path, middleware), "CS430") == []  # nothing is planned
    assert bool(only(codes(tmp_path, {**middleware, **PLANNED}), "CS430")) is intercepts


def test_a_middleware_that_turns_nobody_away_is_fine(tmp_path: Path) -> None:
    text = "export function middleware(request) { console.log(request.url); }\n"
    assert only(codes(tmp_path, {"middleware.ts": text}), "CS430") == []


@pytest.mark.parametrize(
    ("serve", "told"),
    [
        (SERVE, True),  # 300 s by default
        ("export const maxDuration = 60;\n" + SERVE, True),
        ("export const maxDuration = 800;\n" + SERVE, False),
    ],
)
def test_the_endpoint_must_run_as_long_as_its_handlers(
    tmp_path: Path, serve: str, told: bool
) -> None:
    files = {"app/api/cron/mail/route.ts": LONG, "app/api/inngest/route.ts": serve, **PLANNED}
    expected = [("app/api/inngest/route.ts", 1)] if told else []
    assert only(codes(tmp_path, files), "CS431") == expected


def test_an_endpoint_whose_duration_only_running_it_tells_is_not_said_to_be_enough(
    tmp_path: Path,
) -> None:
    computed = "export const maxDuration = Number(process.env.SECONDS);\n" + SERVE
    files = {"app/api/cron/mail/route.ts": LONG, "app/api/inngest/route.ts": computed, **PLANNED}
    assert only(codes(tmp_path, files), "CS431") == [("app/api/inngest/route.ts", 1)]


def test_a_catch_all_of_something_else_is_not_the_endpoint(tmp_path: Path) -> None:
    files = {"app/api/cron/mail/route.ts": LONG, "app/api/[...rest]/route.ts": ROUTE, **PLANNED}
    assert only(codes(tmp_path, files), "CS431") == []


def test_vercel_json_may_give_the_endpoint_its_duration(tmp_path: Path) -> None:
    files = {"app/api/cron/mail/route.ts": LONG, "app/api/inngest/route.ts": SERVE, **PLANNED}
    found = codes(tmp_path, files, functions={"app/api/inngest/route.ts": {"maxDuration": 800}})
    assert only(found, "CS431") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("CRON_SECRET=\n", True),
        ("INNGEST_EVENT_KEY=\n", True),
        ("# INNGEST_EVENT_KEY=\nINNGEST_SIGNING_KEY=\n", False),
    ],
)
def test_the_example_of_the_environment_names_the_keys(
    tmp_path: Path, text: str, told: bool
) -> None:
    assert only(codes(tmp_path, {".env.example": text}), "CS433") == []  # nothing is planned
    files = {".env.example": text, **PLANNED}
    assert bool(only(codes(tmp_path, files), "CS433")) is told


def test_a_real_environment_is_never_looked_at(tmp_path: Path) -> None:
    assert only(codes(tmp_path, {".env": "A=1\n", ".env.local": "B=2\n"}), "CS433") == []


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        (".github/workflows/x.yml", "on: push\nrun: curl $URL/api/cron/mail?x=1\n", 2),
        (".github/workflows/x.yml", "run: curl $URL\n# /api/cron/mail\n", None),
        ("compose.yaml", "command: wget -q http://web/api/cron/mail\n", 1),
        ("charts/job.yaml", "args: [curl, http://web/api/cron/mail]\n", 1),
        ("package.json", '{"scripts": {"mail": "curl localhost/api/cron/mail"}}', 1),
        ("scripts/tick.js", "// /api/cron/mail\nawait fetch(`${base}/api/cron/mail`);\n", 2),
        ("lib/x.ts", 'await fetch("/api/cron/mail");\n', 1),
        ("lib/jobs.py", 'requests.get(f"{BASE}/api/cron/mail")\n', 1),
        ("lib/jobs.py", 'JOBS = [{"endpoint": "/api/cron/mail"}]\n', None),
        (
            "lib/jobs.py",
            'JOBS = [{"endpoint": "/api/cron/mail"}]\nhttpx.get(JOBS[0]["endpoint"])\n',
            1,
        ),
        (
            "supabase/migrations/1_mail.sql",
            "-- /api/cron/mail, nightly\nselect net.http_get('https://x.dev/api/cron/mail');\n",
            2,
        ),
        ("a.sql", "comment on table runs is 'a row of /api/cron/mail; http';\n", None),
        ("a.sql", "select http_get(url := 'https://x.dev' || '/api/cron/mail');\n", 1),
        ("setup.sh", 'cat > vercel.json <<E\n{"path": "/api/cron/mail"}\nE\n', None),
        ("setup.sh", 'echo "0 3 * * * curl $URL/api/cron/mail" | crontab\n', 1),
        ("keys.ts", 'console.error("curl https://x.dev/api/cron/mail");\n', None),
        ("seed.sql", "insert into pages (path) values ('/api/cron/mail');\n", None),
        ("railway.json", '{"deploy": {"startCommand": "curl https://x.dev/api/cron/mail"}}', 1),
        ("README.md", "GET `/api/cron/mail` sends.\n", None),
        ("CHANGELOG.md", "curl https://x.dev/api/cron/mail\n", None),
        ("docs/a.md", "/api/cron/mails and /api/cron/mail-box\n", None),
        ("middleware.ts", 'const PUBLIC = ["/login", "/api/cron/mail"];\n', None),
        ("middleware.ts", 'if (request.url.startsWith("/api/cron/mail")) return;\n', None),
        (
            "middleware.ts",
            'if (new URL(request.url).pathname === "/api/cron/mail") return;\n',
            None,
        ),
        ("lib/jobs.py", '"""Cron.\n\n  curl https://x.dev/api/cron/mail\n"""\n', None),
        ("lib/jobs.py", 'TEXT = """\n  curl https://x.dev/api/cron/mail\n"""\n', 2),
        (
            "lib/x.ts",
            '/*\n  curl https://x.dev/api/cron/mail\n*/\nawait fetch("/api/cron/mail");\n',
            4,
        ),
        ("lib/x.test.ts", 'await fetch("/api/cron/mail");\n', None),
        ("openapi.yaml", "servers: [https://x.dev]\npaths:\n  /api/cron/mail: {}\n", None),
    ],
)
def test_what_calls_a_route_is_told_and_prose_is_not(
    tmp_path: Path, file: str, text: str, line: int | None
) -> None:
    assert only(codes(tmp_path, {file: text}), "CS601") == ([(file, line)] if line else [])


@pytest.mark.parametrize(
    ("schedules", "told"),
    [
        (["0 2 * * *", "0 3 * * *", "0 4 * * *"], True),
        (["0 2 * * *", "20 2 * * *", "40 2 * * *"], True),
        (["0 2 * * *", "0 3 * * *"], False),
        (["0 0 * * *", "0 8 * * *", "0 16 * * *"], False),
        (["0 2 * * 1", "0 3 * * 2", "0 4 * * 3"], False),
    ],
)
def test_retries_made_by_hand_are_seen(tmp_path: Path, schedules: list[str], told: bool) -> None:
    crons = [("/api/cron/mail", schedule) for schedule in schedules]
    assert bool(only(codes(tmp_path, {}, crons), "CS506")) is told


@pytest.mark.parametrize(
    ("schedules", "told"),
    [
        (["0 3 * * *", "0 3 * * *", "0 3 * * 1"], True),
        (["0 3 * * *", "0 3 * * *"], False),
        (["0 3 * * *", "0 3 * * *", "0 3 * * 1", "0 * * * *"], False),  # hourly: not on Hobby
    ],
)
def test_jobs_that_hobby_spread_are_told(tmp_path: Path, schedules: list[str], told: bool) -> None:
    crons = [(f"/api/cron/mail?job={number}", text) for number, text in enumerate(schedules)]
    assert bool(only(codes(tmp_path, {}, crons), "CS505")) is told


def test_a_suppression_that_hides_nothing_is_told(tmp_path: Path) -> None:
    rule = '[[suppress]]\ncode = "{}"\nreason = "known"\n'
    text = rule.format("CS206") + rule.format("CS301") + rule.format("CS404")
    found = codes(tmp_path, {"cronshift.toml": text})
    assert only(found, "CS602") == [("cronshift.toml", 1)]  # CS301; CS404 is validate's
    assert only(found, "CS206") == []


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ({"type": "cron", "entrypoint": "jobs/x.py", "schedule": "0 3 * * *"}, ["CS116"]),
        ({"type": "cron", "entrypoint": "jobs.x:run", "schedule": ["0 3 * * *"]}, ["CS116"]),
        (
            {"type": "job", "trigger": "schedule", "root": "jobs", "entrypoint": "x.py"},
            ["CS116"],
        ),
        ({"type": "cron", "entrypoint": "gone.py", "schedule": "0 3 * * *"}, ["CS301", "CS116"]),
        ({"type": "web", "entrypoint": "gone.py"}, []),
        ("nothing", []),
    ],
)
def test_services_with_a_schedule_are_told(
    tmp_path: Path, service: object, told: list[str]
) -> None:
    found = codes(tmp_path, {"jobs/x.py": "def run(): ..."}, experimentalServices={"s": service})
    assert [code for code, _, _ in found if code in {"CS116", "CS301"}] == told
    lines = (tmp_path / "vercel.json").read_text().splitlines()
    assert all('"s"' in lines[(line or 0) - 1] for code, _, line in found if code == "CS116")


def test_schedules_that_nitro_makes_are_told(tmp_path: Path) -> None:
    text = "export default defineNitroConfig({\n  scheduledTasks: { '0 3 * * *': 'mail' },\n});\n"
    assert only(codes(tmp_path, {"nitro.config.ts": text}), "CS117") == [("nitro.config.ts", 2)]


def test_a_task_of_nitro_is_told_with_its_file_and_why_it_stays(tmp_path: Path) -> None:
    files = {
        "nitro.config.ts": "export default defineNitroConfig({ scheduledTasks: { '0 3 * * *': ['mail:send'] } });\n",
        "tasks/mail/send.ts": "import x from 'x';\nexport default defineTask({ run() {} });\n",
    }
    codes(tmp_path, files)
    [finding] = [f for f in make_plan(load_project(tmp_path)).findings if f.code == "CS117"]
    assert "mail:send (tasks/mail/send.ts:2)" in finding.message


WORKFLOW = """on:
  schedule:
    - cron: "0 5 * * *"
jobs:
  call:
    runs-on: ubuntu-latest
    steps:
      - run: curl -fsS {options} "${{{{ secrets.APP_URL }}}}{path}"
"""


@pytest.mark.parametrize(
    ("options", "path", "fix"),
    [
        ("", "/api/cron/mail", "cronshift migrate --workflow .github/workflows/mail.yml"),
        ("-X POST", "/api/cron/mail", "It stays with GitHub: it is made with POST"),
        ("", "/api/cron/nothing", None),
    ],
)
def test_a_workflow_that_calls_a_route_is_told_with_its_way_or_the_reason(
    tmp_path: Path, options: str, path: str, fix: str | None
) -> None:
    file = ".github/workflows/mail.yml"
    text = WORKFLOW.format(options=options, path=path)
    found = only(codes(tmp_path, {file: text}), "CS559")
    assert found == ([(file, 3)] if fix else [])
    fixes = [f.fix for f in make_plan(load_project(tmp_path)).findings if f.code == "CS559"]
    assert [each.startswith(fix or "") for each in fixes] == [True] * len(found)


def test_a_workflow_above_the_project_is_told_and_stays(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    above = tmp_path / ".github" / "workflows"
    above.mkdir(parents=True)
    (above / "mail.yml").write_text(WORKFLOW.format(options="", path="/api/cron/mail"))
    codes(tmp_path / "web", {})
    [finding] = [f for f in make_plan(load_project(tmp_path / "web")).findings if f.code == "CS559"]
    assert str(finding.location) == "../.github/workflows/mail.yml:3"
    assert "does not stand in the project's folder" in finding.fix


@pytest.mark.parametrize(
    ("options", "short"),
    [
        ('finish_timeout = "15m"\nretries = 0\nfan_out = { param = "m", values = ["a", "b", "c"] }', True),
        ('finish_timeout = "40m"\nretries = 0\nfan_out = { param = "m", values = ["a", "b", "c"] }', False),
        ('finish_timeout = "15m"\nretries = 0', False),
        ('finish_timeout = "15m"\nretries = 3', True),
        ("retries = 3", False),
    ],
)  # fmt: skip
def test_attempts_waits_and_values_in_a_row_that_do_not_fit_the_time_are_told(
    tmp_path: Path, options: str, short: bool
) -> None:
    settings = f"{PLANNED['cronshift.toml']}[jobs.mail]\n{options}\n"
    files = {"cronshift.toml": settings, "app/api/cron/mail/route.ts": LONG}
    told = only(codes(tmp_path, files), "CS507")
    assert told == ([("vercel.json", 3)] if short else [])

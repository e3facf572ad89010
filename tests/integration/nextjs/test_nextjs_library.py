"""What generated code shares: a package of its own, of which an app gets what its jobs use."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.handlers.tree import parse
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.runtime import wire
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership
from cronshift.targets import generate
from cronshift.targets.seal import seal
from cronshift.targets.typescript.library import PACKAGE, source

from .typescript_app import TSCONFIG, link_packages

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MODULES = sorted(file.stem for file in (PACKAGE / "src").glob("*.ts"))
ROUTE = """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
  await Promise.resolve();
  return Response.json({ done: true });
}
"""


def app(root: Path, settings: str = "", schedule: str = "0 3 * * *") -> Path:
    """Write an app of one job."""
    crons = [{"path": "/api/cron/report", "schedule": schedule}]
    files = {
        "app/api/cron/report/route.ts": ROUTE,
        "vercel.json": json.dumps({"crons": crons}),
        "package.json": json.dumps({"dependencies": {"inngest": "4.24.0", "next": "16.0.0"}}),
        "tsconfig.json": json.dumps(TSCONFIG),
        "cronshift.toml": f'[project]\napp_id = "shop"\ntarget = "nextjs"\n{settings}',
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def written(root: Path) -> dict[str, str]:
    return {file.path: file.text for file in generate(make_plan(load_project(root)))}


def migrated(root: Path) -> None:
    operations.apply(root, prepare_migration(load_project(root), (), NOW).operation)


def library_of(files: dict[str, str]) -> set[str]:
    place = "lib/inngest/cronshift/"
    return {path.removeprefix(place)[:-3] for path in files if path.startswith(place)}


@pytest.mark.parametrize("module", MODULES)
def test_the_library_is_plain_typescript_with_nothing_but_its_own_and_web_standards(
    module: str,
) -> None:
    text = source(module)
    root = parse(text, "typescript")
    assert root is not None
    assert root.find(kind="ERROR") is None
    assert "{{" not in text
    assert "{%" not in text
    # The one thing that prettier and biome lay out in two ways.
    assert not re.search(r"[=:]\n +\{[^\n]*\} \| ", text)
    imported = set(re.findall(r'from "([^."][^"]*)"', text))
    of_node = {name for name in imported if name.startswith("node:")}
    assert not of_node or module in {"node-handlers", "sending"}
    assert imported - of_node <= {"inngest", "next", "next/server"}


@pytest.mark.parametrize("file", sorted(PACKAGE.glob("*/*.ts")), ids=lambda file: file.stem)
def test_no_text_of_the_library_needs_other_quotes_than_the_rest(file: Path) -> None:
    """ESLint's rule ``quotes`` takes no other, however prettier would write such a text."""
    root = parse(file.read_text(), "typescript")
    assert root is not None
    texts = [node.text()[1:-1] for node in root.find_all(kind="string")]
    assert [text for text in texts if {"'", '"'} & {*text}] == []


@pytest.mark.parametrize("module", MODULES)
def test_the_library_says_the_words_that_python_says(module: str) -> None:
    """What is sent, asked for and answered has one spelling, in both languages."""
    only_here = {"VERCEL", "VERCEL_ENV", "CRONSHIFT_ENV", "CRONSHIFT_RUN_IN", "CRON_SECRET"}
    named = r'"(x-[a-z-]+|vercel-cron/[\d.]*|(?:CRONSHIFT|VERCEL|CRON)(?:_[A-Z]+)*)"'
    known = {value for value in vars(wire).values() if isinstance(value, str)}
    known |= set(wire.APP_ADDRESS_VARIABLES) | set(wire.FREEZING_VARIABLES) | only_here
    of_next = {"x-forwarded-host", "x-forwarded-proto"}
    assert set(re.findall(named, source(module))) - of_next <= known


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("calls", f"const KEPT = {wire.KEPT_BYTES:_};"),
        ("calls", f"[^]{{{wire.QUOTED_CHARACTERS}}}"),
        ("retry-after", f"const DAY = {wire.LONGEST_WAIT_SECONDS:_};"),
        ("calls", str([*wire.RETRIED_STATUSES])),
        ("stale", f"`{wire.STALE} ${{"),
        ("ownership", f"`{wire.OWNER_PREFIX}${{owner}}`"),
        ("guard", f'"{wire.NO_CRON}"'),
        ("guard", f'"{wire.NO_BEARER}"'),
        ("monitor", f"start: {wire.PING_START_SECONDS * 1000:_}"),
        ("monitor", f"success: {wire.PING_SECONDS * 1000:_}"),
        ("monitor", f"fail: {wire.PING_SECONDS * 1000:_}"),
        *(("heartbeat", f'process.env["{name}"]') for name in wire.FREEZING_VARIABLES),
        ("environment", f"const LIFE = {wire.OWNERSHIP_LIFE_SECONDS * 1000:_};"),
        ("environment", f"const PATIENCE = {wire.OWNERSHIP_PATIENCE_SECONDS * 1000:_};"),
        ("environment", f"const MAX_AGE = {wire.OWNERSHIP_MAX_AGE_SECONDS * 1000:_};"),
        ("environment", f"const MAX_BYTES = {wire.OWNERSHIP_MAX_BYTES:_};"),
    ],
)
def test_the_library_has_the_limits_and_reasons_that_python_has(module: str, text: str) -> None:
    assert text in source(module)


def test_an_app_gets_the_modules_that_its_jobs_use_as_they_are(tmp_path: Path) -> None:
    files = written(app(tmp_path))
    usual = {"calls", "guard", "ownership"}
    assert library_of(files) == usual
    for module in usual:
        assert files[f"lib/inngest/cronshift/{module}.ts"] == seal(source(module), "//")


@pytest.mark.parametrize(
    ("settings", "schedule", "more"),
    [
        ("", "0 9 * * 1-5", {"ticks"}),
        ('[jobs.report]\nheartbeat = "PING"', "0 3 * * *", {"failures", "heartbeat", "monitor"}),
        ('[jobs.report]\nstale_after = "9m"', "0 3 * * *", {"stale"}),
        (
            '[jobs.report]\nfan_out = { param = "m", values = ["a"] }',
            "0 3 * * *",
            {"failures", "fan-out"},
        ),
        (
            '[jobs.report]\nmode = "bridge"',
            "0 3 * * *",
            {"bridge", "forward", "protection", "retry-after"},
        ),
        (
            'ownership = "environment"',
            "0 3 * * *",
            {"environment", "own-address", "protection", "reading"},
        ),
    ],
)
def test_what_a_job_uses_beyond_that_comes_with_it(
    tmp_path: Path, settings: str, schedule: str, more: set[str]
) -> None:
    usual = library_of(written(app(tmp_path / "usual")))
    assert library_of(written(app(tmp_path / "more", settings, schedule))) == usual | more


def test_an_app_that_read_variables_before_goes_on_reading_them(tmp_path: Path) -> None:
    root = app(tmp_path)
    (root / "lib/inngest").mkdir(parents=True)
    (root / "lib/inngest/ownership.ts").write_text(
        seal('const url = process.env["CRONSHIFT_OWNERSHIP_URL"];\n', "//")
    )
    for _ in range(2):
        migrated(root)
        text = (root / "lib/inngest/ownership.ts").read_text()
        assert "export const ownership = fromEnvironment(built);" in text


def test_what_earlier_versions_shared_goes_where_nothing_imports_it(tmp_path: Path) -> None:
    root = app(tmp_path)
    place = root / "lib/inngest"
    place.mkdir(parents=True)
    old = {
        "cronshift.ts": 'export { held } from "./ownership";\n',
        "guard.ts": 'import { held } from "./cronshift";\nexport const a = held;\n',
        "routes.ts": "export const b = 1;\n",
    }
    for name, text in old.items():
        (place / name).write_text(seal(text, "//"))
    (root / "lib/own.ts").write_text('import { b } from "./inngest/routes";\nexport { b };\n')
    (place / "dispatch.ts").write_text("export const mine = 1;\n")
    before = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
    done = operations.apply(root, prepare_migration(load_project(root), (), NOW).operation)
    left = {file.name for file in place.glob("*.ts")}
    assert left == {"client.ts", "dispatch.ts", "ownership.ts", "routes.ts"}
    operations.revert(root, done)
    after = {
        file: file.read_bytes()
        for file in root.rglob("*")
        if file.is_file() and ".cronshift" not in file.parts
    }
    assert after == before


def test_a_guarded_route_takes_whatever_context_its_next_gives() -> None:
    """Next 15 refuses a route whose second argument has a type that its own context does not."""
    declared = [
        kind
        for module in ("guard", "twins", "ledger", "rehearsal")
        for kind in re.findall(r"\bown\?: (\w+)", source(module))
    ]
    assert set(declared) == {"unknown"}
    assert len(declared) >= 3


MOST_LINES = 300


def test_a_one_job_app_has_fewer_lines_of_ours_than_the_limit(tmp_path: Path) -> None:
    """All that is written into an app of one job, blank lines and headers counted."""
    files = written(app(tmp_path))
    assert sum(text.count("\n") for text in files.values()) < MOST_LINES
    assert {path for path in files if "/cronshift/" not in path} == {
        "app/api/inngest/route.ts",
        "lib/inngest/client.ts",
        "lib/inngest/functions/index.ts",
        "lib/inngest/functions/report.ts",
        "lib/inngest/ownership.ts",
    }


@pytest.mark.node
def test_the_library_is_laid_out_as_prettier_does_by_default(node_packages: Path) -> None:
    prettier = node_packages / "node_modules/prettier/bin/prettier.cjs"
    files = sorted(map(str, PACKAGE.glob("*/*.ts")))
    done = subprocess.run(
        ["node", str(prettier), "--list-different", "--no-config", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.node
def test_the_library_compiles_at_the_oldest_target_of_an_app(
    tmp_path: Path, node_packages: Path
) -> None:
    """Apps that Next's first versions wrote still say ES5, and Next's build checks the types by it."""
    link_packages(tmp_path, node_packages)
    (tmp_path / "src").symlink_to(PACKAGE / "src")
    lib = ["dom", "dom.iterable", "esnext"]
    options = json.loads((PACKAGE / "tsconfig.json").read_text())["compilerOptions"]
    options |= {"target": "es5", "lib": lib, "noEmit": True, "preserveSymlinks": True}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    tsc = str(node_packages / "node_modules/typescript/bin/tsc")
    done = subprocess.run(
        ["node", tsc, "-p", "."], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.node
def test_the_package_is_installed_instead_where_that_is_set(
    tmp_path: Path, node_packages: Path
) -> None:
    """It is built as it is published, compiled against, and asked."""
    root = app(
        tmp_path,
        'runtime = "npm"\nledger = true\n[jobs.report]\nmissed = "none"\n',
        "0 9 * * 1-5",
    )
    migrated(root)
    manifest = json.loads((PACKAGE / "package.json").read_text())
    name = manifest["name"]
    dependencies = json.loads((root / "package.json").read_text())["dependencies"]
    assert dependencies[name] == f"^{manifest['version']}"
    assert list(dependencies) == sorted(dependencies)
    assert not (root / "lib/inngest/cronshift").exists()
    link_packages(root, node_packages)
    installed = root / "node_modules" / name
    tsc = str(node_packages / "node_modules/typescript/bin/tsc")
    options = manifest["scripts"]["build"].removeprefix("tsc ").split()
    installed.mkdir(parents=True)
    for part in ("src", "package.json", "tsconfig.json"):
        (installed / part).symlink_to(PACKAGE / part)
    for folder, words in ((installed, [*options, "--preserveSymlinks"]), (root, ["-p", "."])):
        done = subprocess.run(
            ["node", tsc, *words], cwd=folder, capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.returncode) == ("", 0)
    everybody = Ownership(jobs={"report": (Epoch(datetime(2026, 1, 1, tzinfo=UTC), 100, ""),)})
    (root / "cronshift.ownership.json").write_text(dump_ownership(everybody))
    (root / "asked.ts").write_text(
        'import { NextRequest } from "next/server";\n'
        'import { GET } from "./app/api/cronshift/api/cron/report/route";\n'
        'const headers = { "user-agent": "vercel-cron/1.0" };\n'
        'const url = "http://localhost/api/cronshift/api/cron/report";\n'
        "void GET(new NextRequest(url, { headers }), {}).then(async (answer) =>\n"
        "  console.log(await answer.text()),\n"
        ");\n"
    )
    loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    asked = subprocess.run(
        ["node", "--import", loader, "asked.ts"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(asked.stdout) == {"skipped": "owner inngest"}, asked.stderr

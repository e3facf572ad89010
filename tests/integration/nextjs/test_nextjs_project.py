"""An app that has Inngest and a style of its own: extended in place, and given back byte for byte."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cronshift import operations
from cronshift.errors import CronshiftError
from cronshift.moving.initial_settings import initial_settings
from cronshift.moving.migration import Migration, prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.settings import Settings, parse_settings

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SERVE = """import { serve } from 'inngest/next'
import { client } from '@/inngest/client'
import { welcome } from '@/inngest/welcome' // the first one

// Every function of ours.
export const maxDuration = 60

export const { GET, POST, PUT } = serve({
  client,
  functions: [
    welcome, // sends mail
  ],
})
"""
APP = {
    "src/app/api/cron/report/route.ts": """import { greeting } from '@/lib/greeting'

export const maxDuration = 300

export async function GET(request: Request) {
  if (request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET ?? '?'}`) {
    return new Response('no', { status: 401 })
  }
  return Response.json({ greeting })
}
""",
    "src/app/api/inngest/route.ts": SERVE,
    "src/lib/greeting.ts": "export const greeting = 'hello'\n",
    "src/inngest/client.ts": """import { Inngest } from 'inngest'

export const client = new Inngest({ id: 'my-store' })
""",
    "src/inngest/welcome.ts": """import { client } from './client'

export const welcome = client.createFunction(
  { id: 'welcome', triggers: [{ event: 'user/created' }] },
  async () => 'hi',
)
""",
    "src/pages/api/old.ts": """import type { NextApiRequest, NextApiResponse } from 'next'

export default function handler(request: NextApiRequest, response: NextApiResponse) {
  if (request.headers.authorization !== `Bearer ${process.env.CRON_SECRET ?? '?'}`) {
    return response.status(401).end()
  }
  response.status(200).json({ old: true })
}
""",
    "package.json": """{
\t"name": "store",
\t"dependencies": {
\t\t"@types/node": "^24.0.0",
\t\t"next": "16.0.0",
\t\t"react": "19.2.0"
\t}
}""",
    ".env.example": "# DATABASE_URL=\nexport CRON_SECRET=\n",
    "tsconfig.json": """{
  // strict, as ever
  "compilerOptions": {
    "target": "ES2017",
    "lib": ["dom", "dom.iterable", "esnext"],
    "strict": true,
    "noUnusedLocals": true,
    "noUnusedParameters": true,
    "noEmit": true,
    "esModuleInterop": true,
    "module": "esnext",
    "moduleResolution": "bundler",
    "resolveJsonModule": true,
    "isolatedModules": true,
    "jsx": "preserve",
    "skipLibCheck": true,
    "paths": { "@/*": ["./src/*"] }, /* one alias */
  },
  "include": ["**/*.ts"],
  "exclude": ["node_modules"],
}
""",
    "vercel.json": json.dumps(
        {
            "crons": [
                {"path": "/api/cron/report", "schedule": "30 3 * * *"},
                {"path": "/api/old", "schedule": "0 7 * * *"},
            ]
        },
        indent=2,
    ),
    "cronshift.toml": """[project]
target = "nextjs"

[jobs.report]
heartbeat = "REPORT_PING_URL"
""",
}


def app(root: Path, **changed: str) -> Path:
    for name, text in {**APP, **changed}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


def prepared(root: Path) -> Migration:
    return prepare_migration(load_project(root), (), NOW)


def migrated(root: Path) -> Migration:
    migration = prepared(root)
    operations.apply(root, migration.operation)
    return migration


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not {"node_modules", ".cronshift"} & set(path.parts)
    }


def test_what_is_generated_beside_the_apps_own_is_strict_typescript(
    tmp_path: Path, node_packages: Path
) -> None:
    root = app(tmp_path)
    (root / "node_modules").symlink_to(node_packages / "node_modules")
    migrated(root)
    tsc = node_packages / "node_modules/typescript/bin/tsc"
    done = subprocess.run(
        ["node", str(tsc), "-p", "."], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


def test_the_apps_own_files_are_extended_and_nothing_of_it_is_replaced(tmp_path: Path) -> None:
    migration = migrated(app(tmp_path))
    assert migration.plan.app_id == "my-store"
    assert not (tmp_path / "src/lib/inngest/client.ts").exists()
    assert (tmp_path / "src/app/api/inngest/route.ts").read_text() == (
        SERVE.replace(
            "// the first one\n",
            "// the first one\n"
            "import { functions as cronshiftFunctions } from '@/lib/inngest/functions'\n"
            "\nexport { tell as OPTIONS } from '@/lib/inngest/ownership'\n",
        )
        .replace("maxDuration = 60", "maxDuration = 300")
        .replace("// sends mail\n", "// sends mail\n    ...cronshiftFunctions,\n")
    )
    assert (tmp_path / "package.json").read_text() == APP["package.json"].replace(
        '\t\t"next"', '\t\t"inngest": "^4.24.0",\n\t\t"next"'
    )
    assert (tmp_path / ".env.example").read_text() == APP[".env.example"] + (
        "\nINNGEST_EVENT_KEY=\nINNGEST_SIGNING_KEY=\nREPORT_PING_URL=\n"
    )
    assert (tmp_path / "vercel.json").read_text() == APP["vercel.json"]


def test_functions_are_written_in_the_apps_style(tmp_path: Path) -> None:
    migrated(app(tmp_path))
    text = (tmp_path / "src/lib/inngest/functions/report.ts").read_text()
    imported = [line for line in text.splitlines() if line.startswith("import ")]
    assert imported[:2] == [
        "import { GET } from '@/app/api/cron/report/route'",
        "import { client as inngest } from '@/inngest/client'",
    ]
    assert ";" not in text.partition("*/")[2]
    assert '"' not in text.partition("*/")[2]


def test_a_second_migration_has_nothing_to_do(tmp_path: Path) -> None:
    migrated(app(tmp_path))
    again = prepared(tmp_path)
    assert again.operation.changes == ()
    assert {change.action for change in again.changes} == {"unchanged"}


def test_every_extended_file_is_shown_as_a_diff(tmp_path: Path) -> None:
    shown = {
        change.path: "".join(change.diff())
        for change in prepared(app(tmp_path)).changes
        if change.action == "update"
    }
    assert set(shown) == {"package.json", ".env.example", "src/app/api/inngest/route.ts"}
    assert '+\t\t"inngest": "^4.24.0",' in shown["package.json"]


def test_reverting_gives_every_byte_back(tmp_path: Path) -> None:
    root = app(
        tmp_path,
        **{
            "package.json": "\ufeff" + APP["package.json"].replace("\n", "\r\n"),
            ".env.example": "A=\r\nB=",
            "src/app/api/inngest/route.ts": SERVE.replace("\n", "\r\n"),
        },
    )
    before = contents(root)
    done = operations.apply(root, prepared(root).operation)
    extended = (root / "src/app/api/inngest/route.ts").read_bytes()
    assert b"cronshiftFunctions" in extended
    assert extended.count(b"\n") == extended.count(b"\r\n")
    operations.revert(root, done)
    assert contents(root) == before


def test_without_inngest_in_the_app_client_and_route_are_generated_in_its_style(
    tmp_path: Path,
) -> None:
    root = app(tmp_path)
    for name in ("app/api/inngest/route.ts", "inngest/client.ts", "inngest/welcome.ts"):
        (root / "src" / name).unlink()
    migrated(root)
    assert "new Inngest({ id: '" in (root / "src/lib/inngest/client.ts").read_text()
    route = (root / "src/app/api/inngest/route.ts").read_text()
    assert "import { inngest } from '@/lib/inngest/client'\n" in route
    assert "export const maxDuration = 300\n" in route
    assert prepared(root).operation.changes == ()


def test_functions_of_the_apps_own_keep_their_folder(tmp_path: Path) -> None:
    root = app(tmp_path, **{"src/lib/inngest/functions/index.ts": "export const functions = []\n"})
    migrated(root)
    assert (root / "src/lib/cronshift/functions/report.ts").is_file()
    assert prepared(root).operation.changes == ()
    route = (root / "src/app/api/inngest/route.ts").read_text()
    assert "from '@/lib/cronshift/functions'" in route


def test_an_id_that_only_running_tells_is_asked_for(tmp_path: Path) -> None:
    client = APP["src/inngest/client.ts"].replace("'my-store'", "process.env.APP ?? ''")
    root = app(tmp_path, **{"src/inngest/client.ts": client})
    with pytest.raises(CronshiftError) as caught:
        prepared(root)
    assert caught.value.reason == "unknown-app-id"
    settings = APP["cronshift.toml"].replace("[project]", '[project]\napp_id = "told"')
    (root / "cronshift.toml").write_text(settings)
    assert prepared(root).plan.app_id == "told"


def test_a_route_of_another_shape_is_left_alone_and_the_lines_are_told(tmp_path: Path) -> None:
    route = """import { serve } from 'inngest/next'
import { client } from '@/inngest/client'
import { welcome } from '@/inngest/welcome'

const options = { client, functions: [welcome] }
export const { GET, POST, PUT } = serve(options)
"""
    root = app(tmp_path, **{"src/app/api/inngest/route.ts": route})
    with pytest.raises(CronshiftError) as caught:
        prepared(root)
    assert caught.value.reason == "cannot-extend"
    assert caught.value.where == "src/app/api/inngest/route.ts"
    by_hand = route.replace(
        "import { welcome",
        "import { functions as jobs } from '../../../lib/inngest/functions'\nimport { welcome",
    ).replace("[welcome]", "[welcome, ...jobs]")
    (root / "src/app/api/inngest/route.ts").write_text(by_hand)
    migrated(root)
    assert prepared(root).operation.changes == ()


def test_init_proposes_the_apps_own_language(tmp_path: Path) -> None:
    project = load_project(app(tmp_path))
    project = replace(project, settings=Settings())
    text = initial_settings(make_plan(project))
    assert "any line may be left out" in text
    settings = parse_settings(text)
    assert (settings.target, settings.out) == ("nextjs", "src/lib/inngest")
    (tmp_path / "tsconfig.json").unlink()
    assert make_plan(project).target == "python"

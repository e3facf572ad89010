"""Why a handler is called over HTTP, with the modules that lead to what only Next.js has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cronshift.model import Mode
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "package.json": '{"dependencies": {"next": "16.0.0"}}',
    "tsconfig.json": "{}",
    "cronshift.toml": '[project]\ntarget = "nextjs"\n',
    "app/api/cron/mail/route.ts": "import { a } from '../../../../lib/a';\nexport const GET = () => a();\n",
    "lib/a.ts": "import { b } from './b';\nexport const a = () => b();\n",
    "lib/b.ts": "import { user } from './session';\nexport const b = () => user();\n",
    "lib/session.ts": "import type { x } from 'next/headers';\nimport { cookies } from 'next/headers';\nexport const user = () => cookies();\n",
}


def test_the_import_chain_to_next_headers_is_told(tmp_path: Path) -> None:
    crons = [{"path": "/api/cron/mail", "schedule": "0 3 * * *"}]
    for name, text in {**FILES, "vercel.json": json.dumps({"crons": crons})}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (job,) = make_plan(load_project(tmp_path)).jobs
    assert job.mode is Mode.BRIDGE
    assert job.bridged_because == (
        "app/api/cron/mail/route.ts needs what only Next.js gives a request"
        " (app/api/cron/mail/route.ts → lib/a.ts → lib/b.ts → lib/session.ts:2)"
    )

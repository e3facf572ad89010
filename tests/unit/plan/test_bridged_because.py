"""Why a handler is called over HTTP, with the modules that lead to what only Next.js has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.model import Mode
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.model import Job

FILES = {
    "package.json": '{"dependencies": {"next": "16.0.0"}}',
    "tsconfig.json": "{}",
    "cronshift.toml": '[project]\ntarget = "nextjs"\n',
    "app/api/cron/mail/route.ts": "import { a } from '../../../../lib/a';\nexport const GET = () => a();\n",
    "lib/a.ts": "import { b } from './b';\nexport const a = () => b();\n",
    "lib/b.ts": "import { user } from './session';\nexport const b = () => user();\n",
    "lib/session.ts": "import type { x } from 'next/headers';\nimport { cookies } from 'next/headers';\nexport const user = () => cookies();\n",
}


def planned(tmp_path: Path, **files: str) -> Job:
    """Return the job of an app whose route leads to what only Next.js has."""
    crons = [{"path": "/api/cron/mail", "schedule": "0 3 * * *"}]
    texts = {**FILES, **files, "vercel.json": json.dumps({"crons": crons})}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (job,) = make_plan(load_project(tmp_path)).jobs
    return job


def test_the_import_chain_to_next_headers_is_told(tmp_path: Path) -> None:
    job = planned(tmp_path)
    assert job.mode is Mode.BRIDGE
    assert job.bridged_because == (
        "app/api/cron/mail/route.ts needs what only Next.js gives a request"
        " (app/api/cron/mail/route.ts → lib/a.ts → lib/b.ts → lib/session.ts:2)"
    )


OTHERS = "import { user } from './session';\n"
DEEP = "\n".join(f"const f{n} = (x) => f{n + 1}(x);" for n in range(80))
ASKED_FOR: dict[str, tuple[str, bool]] = {
    "another function of its module asks": (f"{OTHERS}export const b = () => fetch('/x');\nexport const c = () => user();\n", False),
    "it asks in one case": (f"{OTHERS}export const b = () => Math.random() > 0.5 ? user() : fetch('/x');\n", True),
    "a callback asks": (f"{OTHERS}export const b = () => [1].map(() => user());\n", True),
    "the module asks when it is loaded": (f"{OTHERS}const me = user();\nexport const b = () => me;\n", True),
    "it gives what asks to a package": (f"import {{ run }} from '@acme/run';\n{OTHERS}export const b = () => run(user);\n", True),
    "it lies too deep to tell": (f"{OTHERS}{DEEP}\nconst f80 = () => user();\nexport const b = () => f0(1);\n", True),
    "what asks is given on by name": ("export { call as b } from './call';\n", True),
    "what asks is given on as a value": ("export { asks as b } from './asking';\n", True),
    "what asks is given on": ("export { cookies } from 'next/headers';\nexport const b = () => fetch('/x');\n", True),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED_FOR)
def test_only_what_a_request_reaches_counts(tmp_path: Path, name: str) -> None:
    text, is_bridged = ASKED_FOR[name]
    others = {
        "lib/call.ts": "import { asking } from './asking';\nexport const call = () => asking().get('x');\n",
        "lib/asking.ts": "import { headers } from 'next/headers';\nexport { headers as asking };\n",
    }
    mode = planned(tmp_path, **{"lib/b.ts": text, **others}).mode
    assert mode is (Mode.BRIDGE if is_bridged else Mode.DIRECT)


ASKING = "import { cookies as jar } from 'next/headers';\nexport const asked = () => jar();\n"
BESIDE: dict[str, tuple[str, bool]] = {
    "a function that asks stands beside it": ("export function user() { return fetch('/x'); }\n", False),
    "it calls the one that asks": ("export function user() { return asked(); }\n", True),
    "it is one of a class that asks": ("export const user = () => new Box().a();\nclass Box { a() {} b() { return jar(); } }\n", True),
    "the module asks when it is loaded": ("const now = jar();\nexport function user() { return fetch('/x'); }\n", True),
    "the module gives what asks away when it is loaded": ("register(asked, jar);\nexport function user() { return fetch('/x'); }\n", True),
    "the module may have more of it": ("const more = require('next/headers');\nexport function user() { return fetch('/x'); }\n", True),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_only_the_functions_that_a_request_reaches_count(tmp_path: Path, name: str) -> None:
    text, is_bridged = BESIDE[name]
    mode = planned(tmp_path, **{"lib/session.ts": ASKING + text}).mode
    assert mode is (Mode.BRIDGE if is_bridged else Mode.DIRECT)


def test_a_module_that_is_taken_as_a_whole_counts(tmp_path: Path) -> None:
    whole = "import * as session from './session';\nexport const b = () => session.user();\n"
    text = f"{ASKING}export function user() {{ return fetch('/x'); }}\n"
    assert planned(tmp_path, **{"lib/session.ts": text, "lib/b.ts": whole}).mode is Mode.BRIDGE

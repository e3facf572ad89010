"""The one call by which an app whose routes are declared in code takes the endpoint in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.errors import CronshiftError
from cronshift.handlers.tree import SourceTree
from cronshift.targets.typescript.mounting import (
    MountSite,
    site_of,
    with_mount,
)

if TYPE_CHECKING:
    from pathlib import Path

MAKERS = {
    "hono": ("Hono",),
    "express": ("default", "*"),
    "fastify": ("default", "fastify"),
    "@nestjs/core": ("NestFactory",),
}
MODULE = "./inngest/routes/endpoint"
HONO = 'import { Hono } from "hono";\n'


def site(root: Path, files: dict[str, str], entry: str = "index.ts") -> MountSite | None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return site_of(SourceTree(root), entry, MAKERS)


@pytest.mark.parametrize(
    ("text", "name", "base"),
    [
        (f"{HONO}const app = new Hono();\n", "app", ""),
        (f"{HONO}export const server = new Hono<Env>({{ strict: false }})\n", "server", ""),
        (f'{HONO}const app = new Hono().basePath("/api/");\n', "app", "/api"),
        ('import express from "express";\nconst app = express();\n', "app", ""),
        ('const express = require("express");\nconst app = express();\n', "app", ""),
        ('import * as web from "express";\nconst app = web();\n', "app", ""),
        ('import fastify from "fastify";\nconst app = fastify({ logger: true });\n', "app", ""),
        (
            'import Fastify from "fastify";\nconst app = Fastify().withTypeProvider<X>();\n',
            "app",
            "",
        ),
        (
            'import { NestFactory } from "@nestjs/core";\nasync function main() {\n  const app = await NestFactory.create<X>(AppModule);\n}\n',
            "app",
            "",
        ),
        (
            'import express from "express";\nasync function main() {\n  const app = express();\n}\n',
            "app",
            "",
        ),
    ],
)
def test_the_place_where_an_app_is_made_is_found(
    tmp_path: Path, text: str, name: str, base: str
) -> None:
    found = site(tmp_path, {"index.ts": text})
    assert found is not None
    assert (found.file, found.name, found.base) == ("index.ts", name, base)


@pytest.mark.parametrize(
    "text",
    [
        f"{HONO}const a = new Hono();\nconst b = new Hono();\n",
        f'{HONO}const app = new Hono().get("/", (c) => c.text("x"));\n',
        f"{HONO}const app = new Hono().basePath(BASE);\n",
        f"{HONO}const {{ app }} = made(new Hono());\n",
        'import { Hono } from "./mine";\nconst app = new Hono();\n',
        'import express from "express";\nconst router = express.Router();\n',
        'import express from "express";\nexport default express();\n',
        'import { NestFactory } from "@nestjs/core";\nconst app = await NestFactory.createMicroservice(X);\n',
    ],
)
def test_what_is_not_certain_is_no_place(tmp_path: Path, text: str) -> None:
    assert site(tmp_path, {"index.ts": text}) is None


def test_an_app_that_another_module_makes_is_mounted_there(tmp_path: Path) -> None:
    entry = (
        'import { app } from "./app.js";\nimport { cron } from "./cron.js";\nexport default app;\n'
    )
    files = {
        "index.ts": entry,
        "app.ts": f'{HONO}import {{ cron }} from "./cron.js";\nexport const app = new Hono();\napp.route("/", cron);\n',
        "cron.ts": "export const cron = 1;\n",
    }
    found = site(tmp_path, files)
    assert found == MountSite("app.ts", "index.ts", "app", "", ".js")


def test_of_two_modules_that_make_apps_none_is_taken(tmp_path: Path) -> None:
    files = {
        "index.ts": 'import { a } from "./a";\nimport { b } from "./b";\nexport default a || b;\n',
        "a.ts": f"{HONO}export const a = new Hono();\n",
        "b.ts": f"{HONO}export const b = new Hono();\n",
    }
    assert site(tmp_path, files) is None


@pytest.mark.parametrize(
    ("text", "base", "after"),
    [
        (
            f"{HONO}const app = new Hono();\napp.use(x);\n",
            "",
            f'{HONO}import {{ mountInngest }} from "{MODULE}";\nconst app = new Hono();\nmountInngest(app);\napp.use(x);\n',
        ),
        (
            'import { Hono } from "hono"\nexport const app = new Hono().basePath("/v1")\n',
            "/v1",
            (
                f'import {{ Hono }} from "hono"\nimport {{ mountInngest }} from "{MODULE}"\n'
                'export const app = new Hono().basePath("/v1")\nmountInngest(app, "/v1")\n'
            ),
        ),
        (
            "import { Hono } from 'hono';\nconst app = new Hono().basePath('/v1');\n",
            "/v1",
            (
                f"import {{ Hono }} from 'hono';\nimport {{ mountInngest }} from '{MODULE}';\n"
                "const app = new Hono().basePath('/v1');\nmountInngest(app, '/v1');\n"
            ),
        ),
        (
            'import e from "express";\r\nfunction main() {\r\n  const app = e();\r\n}\r\n',
            "",
            (
                f'import e from "express";\r\nimport {{ mountInngest }} from "{MODULE}";\r\n'
                "function main() {\r\n  const app = e();\r\n  mountInngest(app);\r\n}\r\n"
            ),
        ),
    ],
)
def test_the_call_stands_right_behind_the_app(text: str, base: str, after: str) -> None:
    place = MountSite("index.ts", "index.ts", "app", base)
    assert with_mount(text, place, MODULE) == after
    assert with_mount(after, place, MODULE) == after


@pytest.mark.parametrize(
    "text",
    [
        f"{HONO}let app;\napp = new Hono();\nconst app2 = 1;\n",
        f"{HONO}const app = 1;\n{{ const app = 2; }}\n",
        'const { Hono } = require("hono");\nconst app = new Hono();\n',
        f"{HONO}const app = new Hono(;\n",
    ],
)
def test_an_entry_that_cannot_be_edited_gets_the_lines_to_write(text: str) -> None:
    place = MountSite("index.ts", "index.ts", "app")
    if "let app" in text:
        place = MountSite("index.ts", "index.ts", "other")
    with pytest.raises(CronshiftError) as caught:
        with_mount(text, place, MODULE)
    assert caught.value.reason == "cannot-extend"
    assert f'import {{ mountInngest }} from "{MODULE}";' in (caught.value.hint or "")
    assert place.statement in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("kind", "text", "requires"),
    [
        ("commonjs", 'const express = require("express");\nconst app = express();\n', True),
        ("module", 'import express from "express";\nconst app = express();\n', False),
        ("commonjs", 'import express from "express";\nconst app = express();\n', False),
    ],
)
def test_a_module_of_commonjs_requires_the_endpoint(
    tmp_path: Path, kind: str, text: str, requires: bool
) -> None:
    files = {"package.json": f'{{"type": "{kind}"}}', "index.js": text}
    there = site(tmp_path, files, "index.js")
    assert there is not None
    assert there.is_commonjs is requires
    written = with_mount(text, there, MODULE)
    assert (f'\nconst {{ mountInngest }} = require("{MODULE}");\n' in written) is requires
    assert written.index("mountInngest }") < written.index("mountInngest(app);")

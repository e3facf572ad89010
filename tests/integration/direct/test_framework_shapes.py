"""Routes of the frameworks beside the functions that they become: the same calls, the same result, the same errors."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.frameworks.apps import (
    EXPRESS,
    FASTIFY,
    HONO,
    KOA,
    NUXT,
    TANSTACK,
    Kit,
    installed,
)

from cronshift.handlers.tree import SourceTree
from cronshift.model import Handler, HandlerKind, Location
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.javascript.converting import convert
from cronshift.targets.typescript.frameworks import FRAMEWORKS

SHAPES = Path(__file__).parents[2] / "data/direct/frameworks"
COMPARED = Path(__file__).parent / "compared_apps.mjs"
SCHEDULE = "0 6 * * *"
PATHS = {
    "rates": "/api/cron/rates?day=monday&of=here",
    "count": "/api/cron/count",
}
FILES = {"nuxt": "server/api/cron/{}.mjs", "tanstack": "routes/{}.mjs"}
ENDINGS = {"well": None, "empty": "final", "broken": "retried"}


def converted(root: Path, kit: Kit, name: str) -> tuple[Path, str]:
    """Return the file of a route, and the module that it becomes."""
    file = FILES.get(kit.name, f"{kit.name}.mjs").format(name)
    lines = (root / file).read_text().splitlines()
    marks = [at for at, line in enumerate(lines, 1) if '.get("' in line and f'/{name}"' in line]
    place = Location(file, marks[0]) if marks else None
    export = "default" if kit is NUXT else "GET"
    handler = Handler(file, HandlerKind.NODE_APP, export, "javascript", route=place)
    (framework,) = (each for each in FRAMEWORKS if each.name == kit.name)
    entry = Entry(PATHS[name], SCHEDULE)
    shape = framework.shape_of(handler)
    conversion = convert(SourceTree(root), file, export, entry, event=shape)
    assert isinstance(conversion, Converted), str(conversion)
    return root / file, f"{conversion.text}\nexport {{ {conversion.function} as work }};\n"


@pytest.fixture(
    scope="module",
    params=[HONO, EXPRESS, FASTIFY, KOA, NUXT, TANSTACK],
    ids=lambda kit: kit.name,
)
def comparisons(request: pytest.FixtureRequest) -> dict[tuple[str, str], Any]:
    kit: Kit = request.param
    root = installed(kit) / "apps" / uuid4().hex
    shutil.copytree(SHAPES, root)
    shutil.copy(COMPARED, root)
    shapes = []
    for name, path in PATHS.items():
        file, text = converted(root, kit, name)
        work = file.with_name(f"{name}.work.mjs")
        work.write_text(text)
        shapes.append(
            {"name": name, "framework": kit.name, "route": str(file), "work": str(work)}
            | {"path": path, "schedule": SCHEDULE}
        )
    done = subprocess.run(
        ["node", COMPARED.name, json.dumps(shapes)],
        cwd=root,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "CRON_SECRET": "s3cret"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    shutil.rmtree(root)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {(line["name"], line["state"]): line for line in lines}


@pytest.mark.node
@pytest.mark.parametrize("state", ENDINGS)
@pytest.mark.parametrize("name", PATHS)
def test_a_function_asks_and_ends_as_its_route_did(
    comparisons: dict[tuple[str, str], Any], name: str, state: str
) -> None:
    before, after = comparisons[name, state]["before"], comparisons[name, state]["after"]
    assert after["asked"] == before["asked"]
    ending, was = after["ending"], before["ending"]
    assert ending.get("result") == was.get("result")
    assert ending.get("error") == was.get("error")
    assert was.get("error") == (ENDINGS[state] if name == "rates" else None)
    assert ending.get("message", "") in was.get("message", "")

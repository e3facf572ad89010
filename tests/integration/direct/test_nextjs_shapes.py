"""Each shape of route beside the function that it becomes: the same calls, the same result, the same errors."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from collections.abc import Iterator

SHAPES = Path(__file__).parents[2] / "data/direct/nextjs"
COMPARED = Path(__file__).parent / "compared.ts"
SLOW = 2  # seconds between the route's call and the function's
STATES = ("empty", "one", "two", "well", "broken", "half")
CRONS = [
    (cron["path"], cron["schedule"])
    for cron in json.loads((SHAPES / "vercel.json").read_text())["crons"]
]
NAMES = [path.partition("?")[0].rpartition("/")[2] for path, _ in CRONS]


def route_of(root: Path, name: str) -> Path:
    (file,) = [
        *root.glob(f"app/api/cron/{name}/route.[jt]s"),
        *root.glob(f"pages/api/cron/{name}.[jt]s"),
    ]
    return file


def converted(root: Path, path: str, schedule: str) -> tuple[Path, Converted]:
    file = route_of(root, path.partition("?")[0].rpartition("/")[2])
    export = "default" if "pages" in file.parts else "GET"
    conversion = convert(
        SourceTree(root), str(file.relative_to(root)), export, Entry(path, schedule)
    )
    assert isinstance(conversion, Converted), str(conversion)
    return file, conversion


def stepped(root: Path, path: str, schedule: str) -> str | None:
    """Return the module that a shape becomes where its steps are asked for and offered."""
    file = route_of(root, path.partition("?")[0].rpartition("/")[2])
    export = "default" if "pages" in file.parts else "GET"
    entry = Entry(path, schedule)
    conversion = convert(SourceTree(root), str(file.relative_to(root)), export, entry, steps=True)
    assert isinstance(conversion, Converted)
    if not conversion.steps:
        return None
    client = 'import { Inngest } from "inngest";\nconst inngest = new Inngest({ id: "shapes" });\n'
    return f"{client if file.suffix == '.ts' else ''}{module_of(conversion)}"


def module_of(conversion: Converted) -> str:
    return f"{conversion.text}\nexport {{ {conversion.function} }};\n"


def with_own_wrapper(root: Path, work: Path, conversion: Converted) -> str:
    """Return the module of a shape, beside whose wrapper, where it has one, stands what that becomes."""
    if conversion.wrapper is None:
        return module_of(conversion)
    file = Path(conversion.wrapper.use.file)
    own = file.with_name(f"{file.stem}.{work.parent.name}.{work.name.partition('.')[0]}.work.ts")
    (root / own).write_text(conversion.wrapper.text)
    return module_of(conversion).replace(f'/{file.stem}"', f'/{own.stem}"')


@pytest.fixture(scope="module")
def app(node_packages: Path) -> Iterator[Path]:
    """The shapes, each with the module that it becomes beside it, where packages are found."""
    root = node_packages / "apps" / uuid4().hex
    shutil.copytree(SHAPES, root)
    for path, schedule in CRONS:
        file, conversion = converted(root, path, schedule)
        work = file.with_name(f"{file.stem}.work{file.suffix}")
        work.write_text(with_own_wrapper(root, work, conversion))
        steps = stepped(root, path, schedule)
        if steps is not None:
            file.with_name(f"{file.stem}.steps.work{file.suffix}").write_text(steps)
    shutil.copy(COMPARED, root / "compared.ts")
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def comparisons(app: Path, node_packages: Path) -> dict[tuple[str, str], Any]:
    shapes = []
    for path, schedule in CRONS:
        name = path.partition("?")[0].rpartition("/")[2]
        file = route_of(app, name) if name else app
        shapes.append(
            {
                "name": name,
                "route": str(file),
                "work": str(file.with_name(f"{file.stem}.work{file.suffix}")),
                "steps": str(steps) if (steps := _steps_of(file)).is_file() else "",
                "path": path,
                "paged": "pages" in file.relative_to(app).parts,
                "schedule": schedule,
            }
        )
    done = subprocess.run(
        ["node", "--import", "tsx", "compared.ts", json.dumps(shapes)],
        cwd=app,
        env={
            "PATH": "/usr/bin:/bin",
            "CRON_SECRET": "s3cret",
            "NODE_ENV": "production",
            "VERCEL_PROJECT_PRODUCTION_URL": "example.test",
            "DIGEST_ENABLED": "true",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {(line["shape"], line["state"]): line for line in lines}


@pytest.mark.node
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", NAMES)
def test_a_function_asks_and_ends_as_its_route_did(
    comparisons: dict[tuple[str, str], Any], name: str, state: str
) -> None:
    compared = comparisons[name, state]
    before, after = compared["before"], compared["after"]
    assert sorted(after["asked"]) == sorted(before["asked"])
    ending, was = after["ending"], before["ending"]
    assert ending.get("result") == was.get("result")
    assert ending.get("error") == was.get("error")
    assert ending.get("message", "") in was.get("message", "")
    assert ending.get("message") != ""
    assert abs(ending.get("seconds", 0) - was.get("seconds", 0)) <= SLOW


@pytest.mark.node
def test_what_the_routes_become_is_strict_and_uses_all_that_it_declares(
    app: Path, node_packages: Path
) -> None:
    settings = app / "tsconfig.json"
    settings.write_text(settings.read_text().replace("**/*.ts", "**/*.work.ts"))
    tsc = node_packages / "node_modules/typescript/bin/tsc"
    done = subprocess.run(
        ["node", str(tsc), "-p", "."], cwd=app, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def _steps_of(file: Path) -> Path:
    return file.with_name(f"{file.stem}.steps.work{file.suffix}")


STEPPED = {"sequence", "parallel", "listed", "rows-by-id", "logged-steps"}


@pytest.mark.node
def test_steps_are_offered_for_what_shows_them(comparisons: dict[tuple[str, str], Any]) -> None:
    assert {name for name, state in comparisons if comparisons[name, state]["stepped"]} == STEPPED


@pytest.mark.node
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", sorted(STEPPED))
def test_steps_ask_and_end_as_the_route_did(
    comparisons: dict[tuple[str, str], Any], name: str, state: str
) -> None:
    compared = comparisons[name, state]
    before, after = compared["before"], compared["stepped"]
    # What would have run at once before a failure may not have been begun by then.
    assert set(after["asked"]) <= set(before["asked"])
    if "error" not in before["ending"]:
        assert sorted(after["asked"]) == sorted(before["asked"])
    assert after["ending"].get("result") == before["ending"].get("result")
    assert after["ending"].get("error") == before["ending"].get("error")

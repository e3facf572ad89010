"""Versions that locks name, in every package manager's own format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.project.inngest_sdk import sdk_of
from cronshift.project.locks import lock_of, locks_in, package_manager, range_of
from cronshift.project.npm_ranges import majors, satisfies

if TYPE_CHECKING:
    from pathlib import Path

NPM = json.dumps({"packages": {"": {}, "node_modules/inngest": {"version": "3.45.1"}}})
PNPM = """lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      inngest:
        specifier: ^3.40.0
        version: 3.45.1(next@16.0.0(react@19.0.0))(typescript@5.9.3)
  apps/web:
    dependencies:
      inngest:
        specifier: 'catalog:'
        version: 4.24.0(zod@4.0.0)

packages:

  inngest@3.45.1:
    resolution: {integrity: sha512-x}
"""
PNPM_5 = "lockfileVersion: 5.4\nspecifiers:\n  inngest: ^3.40.0\ndependencies:\n  inngest: 3.45.1_next@13.0.0\n"
YARN_1 = """# yarn lockfile v1


"@types/inngest@^1.0.0":
  version "1.0.0"

inngest@^3.40.0, inngest@^3.41.0:
  version "3.45.1"
  resolved "https://registry.example/inngest.tgz"
"""
YARN_BERRY = """__metadata:
  version: 8

"inngest@npm:^2.0.0":
  version: 2.7.2
  resolution: "inngest@npm:2.7.2"

"inngest@npm:^3.40.0":
  version: 3.45.1
  resolution: "inngest@npm:3.45.1"
"""
BUN = '{\n  "lockfileVersion": 1,\n  "packages": {\n    "inngest": ["inngest@3.45.1", "", {}, "sha512-x"],\n  },\n}\n'


@pytest.mark.parametrize(
    ("files", "manager"),
    [
        ({}, "npm"),
        ({"pnpm-workspace.yaml": ""}, "pnpm"),
        ({".yarnrc.yml": ""}, "yarn"),
        ({"bun.lockb": ""}, "bun"),
        ({"package.json": '{"packageManager": "yarn@4.9.2"}', "pnpm-workspace.yaml": ""}, "yarn"),
        ({"pnpm-workspace.yaml": "", "package-lock.json": NPM}, "npm"),
    ],
)
def test_without_a_lock_the_workspace_around_an_app_tells_its_manager(
    tmp_path: Path, files: dict[str, str], manager: str
) -> None:
    (tmp_path / ".git").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    app = tmp_path / "apps/web"
    app.mkdir(parents=True)
    (app / "package.json").write_text("{}")
    assert package_manager(app) == manager


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("package-lock.json", NPM, 1),
        ("pnpm-lock.yaml", PNPM, 7),
        ("pnpm-lock.yaml", PNPM_5, 3),
        ("yarn.lock", YARN_1, 7),
        ("yarn.lock", YARN_BERRY, 4),
        ("bun.lock", BUN, 4),
    ],
)
def test_a_lock_names_the_version(tmp_path: Path, name: str, text: str, line: int) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / ".git").mkdir()
    lock = lock_of(tmp_path)
    assert lock is not None
    locked = lock.version_of("inngest", "^3.40.0")
    assert locked is not None
    assert (locked.version, locked.place) == ("3.45.1", f"{name}:{line}")
    assert lock.version_of("inngest-cli") is None


def test_a_workspace_has_its_lock_at_the_root_and_its_versions_in_catalogs(tmp_path: Path) -> None:
    app = tmp_path / "apps" / "web"
    app.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (app / "package.json").write_text(
        '{"dependencies": {"inngest": "catalog:", "zod": "catalog:old"}}'
    )
    catalogs = "catalog:\n  inngest: ^4.20.0\ncatalogs:\n  old:\n    zod: ^3.24.0\n"
    (tmp_path / "pnpm-workspace.yaml").write_text(catalogs)
    assert (range_of(app, "inngest"), range_of(app, "zod")) == ("^4.20.0", "^3.24.0")
    sdk = sdk_of(SourceTree(app))
    assert sdk is not None
    assert (sdk.version, sdk.major) == (None, 4)  # the catalog's range tells the major alone
    (tmp_path / "pnpm-lock.yaml").write_text(PNPM)
    sdk = sdk_of(SourceTree(app))
    assert sdk is not None
    assert (sdk.version, sdk.place) == ((4, 24, 0), "pnpm-lock.yaml:7")


@pytest.mark.parametrize(
    "root",
    [
        {"overrides": {"inngest": "^3.54.0"}},
        {"resolutions": {"inngest": "^3.54.0"}},
        {"resolutions": {"**/inngest": "^3.54.0"}},
        {"pnpm": {"overrides": {"inngest": "^3.54.0"}}},
    ],
)
def test_an_override_beats_what_the_app_asks_for(tmp_path: Path, root: dict[str, object]) -> None:
    app = tmp_path / "web"
    app.mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "package.json").write_text(json.dumps(root))
    (app / "package.json").write_text('{"dependencies": {"inngest": "^4.0.0"}}')
    assert range_of(app, "inngest") == "^3.54.0"


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("^4.24.0", {4}),
        ("~3.54", {3}),
        ("3", {3}),
        ("3.x", {3}),
        (">=3.54 <5", {3, 4}),
        ("^3.54.0 || ^4.0.0", {3, 4}),
        ("1.2.3 - 2.3.4", {1, 2}),
        (">=3", None),
        ("*", None),
        ("latest", None),
        ("workspace:*", None),
        ("github:inngest/inngest-js", None),
    ],
)
def test_the_majors_of_a_range(wanted: str, told: set[int] | None) -> None:
    assert majors(wanted) == (frozenset(told) if told else None)


@pytest.mark.parametrize(
    ("version", "wanted", "taken"),
    [
        ((3, 24, 1), "^3.25.0 || ^4.0.0", False),
        ((3, 25, 0), "^3.25.0 || ^4.0.0", True),
        ((4, 1, 12), "^3.25.0 || ^4.0.0", True),
        ((5, 0, 0), "^3.25.0 || ^4.0.0", False),
        ((5, 7, 9), ">=5.8.0", False),
        ((6, 0, 0), ">=5.8.0", True),
        ((0, 2, 3), "^0.2.1", True),
        ((0, 3, 0), "^0.2.1", False),
        ((1, 2, 9), "~1.2.3", True),
        ((1, 3, 0), "~1.2.3", False),
        ((1, 3, 0), "<=1.3", True),
        ((1, 2, 3), "workspace:*", None),
    ],
)
def test_a_range_takes_a_version_in(
    version: tuple[int, int, int], wanted: str, taken: bool | None
) -> None:
    assert satisfies(version, wanted) is taken


@pytest.mark.parametrize(
    ("locks", "named", "manager"),
    [
        (["package-lock.json", "pnpm-lock.yaml"], None, "pnpm"),
        (["package-lock.json", "pnpm-lock.yaml", "yarn.lock"], None, "yarn"),
        (["bun.lock", "yarn.lock"], None, "bun"),
        (["bun.lock", "package-lock.json"], None, "npm"),
        (["package-lock.json", "yarn.lock"], "npm@10.9.0", "npm"),
        (["package-lock.json"], "pnpm@9.0.0", "npm"),
        ([], "pnpm@9.0.0", "pnpm"),
        ([], None, "npm"),
    ],
)
def test_of_several_locks_the_one_counts_that_vercel_takes(
    tmp_path: Path, locks: list[str], named: str | None, manager: str
) -> None:
    (tmp_path / ".git").mkdir()
    document = {"packageManager": named} if named else {}
    (tmp_path / "package.json").write_text(json.dumps(document))
    for name in locks:
        (tmp_path / name).write_text("{}")
    assert package_manager(tmp_path) == manager
    assert sorted(locks_in(tmp_path)) == sorted(locks)

"""The alias that an app's files import each other by, if they do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.project.conventions.alias import alias_of
from cronshift.project.conventions.code import Alias

if TYPE_CHECKING:
    from pathlib import Path

BY_ALIAS = 'import a from "@/lib/a";\nimport b from "react";\n'
BY_PARENT = 'import a from "../lib/a";\n'


def alias(root: Path, config: str, *sources: str, **files: str) -> Alias | None:
    (root / "app").mkdir()
    (root / "tsconfig.json").write_text(config)
    for number, text in enumerate(sources):
        (root / f"app/{number}.ts").write_text(text)
    for name, text in files.items():
        (root / name).write_text(text)
    return alias_of(SourceTree(root))


def paths(**options: Any) -> str:
    return json.dumps({"compilerOptions": options})


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"paths": {"@/*": ["./*"]}}, Alias("@/", "")),
        ({"paths": {"@/*": ["./src/*"]}}, Alias("@/", "src")),
        ({"paths": {"@/*": ["*"]}, "baseUrl": "src"}, Alias("@/", "src")),
        ({"paths": {"@/*": ["src/*", "./*"]}}, Alias("@/", "src")),
        ({"paths": {"@/lib/*": ["lib/*"], "@/*": ["./*"]}}, Alias("@/", "")),
        ({"paths": {"@/*": ["../shared/*"]}}, None),
        ({"paths": {"@/lib/a": ["lib/a.ts"]}}, None),
        ({"paths": {"@/*": []}}, None),
        ({"paths": []}, None),
        ({}, None),
    ],
)
def test_it_is_what_the_compiler_is_told(
    tmp_path: Path, options: dict[str, Any], found: Alias | None
) -> None:
    assert alias(tmp_path, paths(**options), BY_ALIAS) == found


def test_comments_and_trailing_commas_are_no_matter(tmp_path: Path) -> None:
    config = '{\n  // all\n  "compilerOptions": { "paths": { "@/*": ["./*"], }, /* x */ },\n}'
    assert alias(tmp_path, config, BY_ALIAS) == Alias("@/", "")


def test_a_configuration_that_is_extended_counts(tmp_path: Path) -> None:
    base = paths(paths={"@/*": ["./*"]})
    told = alias(tmp_path, '{"extends": "./base"}', BY_ALIAS, **{"base.json": base})
    assert told == Alias("@/", "")


def test_configurations_that_extend_each_other_end(tmp_path: Path) -> None:
    assert alias(tmp_path, '{"extends": "./tsconfig.json"}', BY_ALIAS) is None


@pytest.mark.parametrize(
    ("sources", "is_used"),
    [
        ((BY_ALIAS,), True),
        ((BY_ALIAS, BY_PARENT), True),
        ((BY_ALIAS, BY_PARENT, BY_PARENT), False),
        ((BY_PARENT,), False),
        ((), False),
    ],
)
def test_an_alias_that_the_files_do_not_prefer_is_not_used(
    tmp_path: Path, sources: tuple[str, ...], *, is_used: bool
) -> None:
    found = alias(tmp_path, paths(paths={"@/*": ["./*"]}), *sources)
    assert (found is not None) is is_used


def test_what_sveltekit_declares_where_it_is_made_is_known(tmp_path: Path) -> None:
    config = '{"extends": "./.svelte-kit/tsconfig.json"}'
    assert alias(tmp_path, config, 'import a from "$lib/a";\n') == Alias("$lib/", "src/lib")

"""Global names that an app's ESLint does not know: what is generated declares those that it uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.project.conventions.code import CodeStyle
from cronshift.project.conventions.flat_lint import NODE, WEB
from cronshift.project.conventions.lint import undeclared_in
from cronshift.targets.typescript.style import laid_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RECOMMENDED = ["plugin:@next/next/recommended", "eslint:recommended", "plugin:prettier/recommended"]
BROWSER = {"env": {"browser": True, "es2021": True}, "extends": RECOMMENDED}
NONE: frozenset[str] = frozenset()


def undeclared(root: Path, files: Mapping[str, object], folder: str = "") -> frozenset[str]:
    for name, value in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(value if isinstance(value, str) else json.dumps(value))
    return undeclared_in(SourceTree(root), folder)


@pytest.mark.parametrize(
    ("file", "configuration", "expected"),
    [
        (".eslintrc.json", BROWSER, NODE),
        (".eslintrc", BROWSER, NODE),
        ("package.json", {"eslintConfig": BROWSER}, NODE),
        (".eslintrc.js", f"module.exports = {json.dumps(BROWSER)};\n", NODE),
        (".eslintrc.json", {"extends": "eslint:recommended"}, NODE | WEB),
        (".eslintrc.json", {"env": {"browser": True}, "rules": {"no-undef": "warn"}}, NODE),
        (".eslintrc.json", BROWSER | {"globals": {"process": "readonly"}}, {"Buffer"}),
        (
            ".eslintrc.json",
            BROWSER | {"overrides": [{"files": ["*.tsx"], "env": {"node": True}}]},
            NODE,
        ),
        # It knows them, or does not look.
        (".eslintrc.json", BROWSER | {"env": {"node": True}}, NONE),
        (".eslintrc.json", BROWSER | {"rules": {"no-undef": [0]}}, NONE),
        (".eslintrc.json", {"extends": "plugin:react/recommended"}, NONE),
        (
            ".eslintrc.json",
            BROWSER | {"overrides": [{"files": "**/*.ts", "rules": {"no-undef": "off"}}]},
            NONE,
        ),
        # What it builds on may declare them, or only running it would tell.
        (".eslintrc.json", BROWSER | {"extends": ["next", *RECOMMENDED]}, NONE),
        (".eslintrc.json", BROWSER | {"extends": ["plugin:@typescript-eslint/recommended"]}, NONE),
        (".eslintrc.js", f"module.exports = {{ ...base, ...{json.dumps(BROWSER)} }};\n", NONE),
        (".eslintrc.js", "const make = require('./make');\nmodule.exports = make();\n", NONE),
        (".eslintrc", "extends: eslint:recommended\n", NONE),
        ("app/page.tsx", "export default () => null;\n", NONE),
    ],
)
def test_the_names_that_a_configuration_leaves_undeclared(
    tmp_path: Path, file: str, configuration: object, expected: frozenset[str]
) -> None:
    assert undeclared(tmp_path, {file: configuration}) == expected


def test_the_configurations_above_a_folder_count_up_to_the_root(tmp_path: Path) -> None:
    above = {".eslintrc.json": {"env": {"node": True}}, "apps/web/.eslintrc.json": BROWSER}
    assert undeclared(tmp_path, above, "apps/web") == NONE
    rooted = {"apps/web/.eslintrc.json": BROWSER | {"root": True}}
    assert undeclared(tmp_path, rooted, "apps/web") == NODE
    assert undeclared(tmp_path, {}, "apps/other") == NONE


def test_a_flat_configuration_stands_in_the_place_of_others(tmp_path: Path) -> None:
    files = {".eslintrc.json": BROWSER, "eslint.config.mjs": "export default [];\n"}
    assert undeclared(tmp_path, files) == NONE
    flat = 'import js from "@eslint/js";\nexport default [js.configs.recommended];\n'
    assert undeclared(tmp_path, {"eslint.config.mjs": flat}, "api") == NODE | WEB
    assert undeclared(tmp_path, {"tsconfig.json": "{}"}, "api") == NONE


def test_a_module_declares_the_names_that_it_uses(tmp_path: Path) -> None:
    style = CodeStyle(undeclared=NODE)
    text = "export const { env } = process;\n"
    assert laid_out(text, style) == f"/* global process */\n{text}"
    typed = "type A = Response;\n"
    assert laid_out(typed, CodeStyle(undeclared=WEB)) == f"/* global Response */\n{typed}"
    plain = 'const a = { process: "Buffer" };\n'
    assert laid_out(plain, style) == plain
    assert laid_out(text, CodeStyle()) == text

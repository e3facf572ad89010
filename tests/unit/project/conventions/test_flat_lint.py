"""Names that a flat configuration of ESLint leaves undefined, each case as ESLint 9 itself resolves it."""

from __future__ import annotations

import pytest

from cronshift.handlers.tree import parse
from cronshift.project.conventions.flat_lint import NODE, WEB, undeclared_by

ALL = NODE | WEB
NONE: frozenset[str] = frozenset()
IMPORTS = """import js from "@eslint/js";
import globals from "globals";
import hooks from "eslint-plugin-react-hooks";
import node from "eslint-plugin-n";
import tseslint from "typescript-eslint";
import { defineConfig, globalIgnores } from "eslint/config";
import next from "eslint-config-next";
"""
BROWSER = "{ languageOptions: { globals: globals.browser } }"
SCRIPTS = '"**/*.{js,jsx}"'


def undeclared(exported: str, suffix: str = "js", before: str = "") -> frozenset[str]:
    root = parse(f"{IMPORTS}{before}export default {exported};\n", "typescript")
    assert root is not None
    return undeclared_by(root, f"a.{suffix}")


@pytest.mark.parametrize(
    ("exported", "expected"),
    [
        (f"[{BROWSER}, js.configs.recommended]", NODE),
        ("[js.configs.recommended]", ALL),
        (f"defineConfig([globalIgnores(['dist']), js.configs.recommended, {BROWSER}])", NODE),
        (
            f"[{{ files: [{SCRIPTS}], extends: [js.configs.recommended, hooks.configs.flat.x] }}]",
            ALL,
        ),
        (f"[{{ ...js.configs.recommended, files: [{SCRIPTS}] }}]", ALL),
        ("[{ rules: { ...js.configs.recommended.rules } }]", ALL),
        ("[{ rules: { 'no-undef': ['warn'] } }]", ALL),
        (
            "[js.configs.recommended, { languageOptions: { globals: { ...globals.es2021, Buffer: 'readonly', URL: 'off' } } }]",
            ALL - {"Buffer"},
        ),
        ("tseslint.config(js.configs.recommended, ...tseslint.configs.recommended)", ALL),
        # It knows them, does not look, or does not look here.
        ("[js.configs.recommended, { languageOptions: { globals: { ...globals.node } } }]", NONE),
        ("[js.configs.recommended, { rules: { 'no-undef': 'off' } }]", NONE),
        ("[js.configs.recommended, { rules: { 'no-undef': [0] } }]", NONE),
        (f"[{BROWSER}]", NONE),
        ("[{ files: ['**/*.ts'], ...js.configs.recommended }]", NONE),
        ("[{ files: ['**/*.test.js'], rules: { 'no-undef': 'error' } }]", NONE),
        (
            f"tseslint.config({{ files: [{SCRIPTS}], extends: [js.configs.recommended, ...tseslint.configs.recommended] }})",
            NONE,
        ),
        # What it builds on may declare them, or only running it would tell.
        ("[js.configs.recommended, ...next]", NONE),
        ("[js.configs.recommended, node.configs['flat/recommended']]", NONE),
        ("[js.configs.recommended, { languageOptions: { globals: names() } }]", NONE),
        ("[js.configs.recommended, { files: made, rules: {} }]", NONE),
        (
            "[js.configs.recommended, { files: ['src/**/*.js'], languageOptions: { globals: globals.node } }]",
            NONE,
        ),
        ("[js.configs.recommended].concat(more)", NONE),
        ("made", NONE),
    ],
)
def test_the_names_that_a_flat_configuration_leaves_undeclared(
    exported: str, expected: frozenset[str]
) -> None:
    assert undeclared(exported) == expected


@pytest.mark.parametrize(
    ("exported", "expected"),
    [
        ("[{ files: ['**/*.ts'], ...js.configs.recommended }]", ALL),
        ("[js.configs.recommended, { files: ['**/*.{js,ts}'], rules: {} }]", ALL),
        ("[js.configs.recommended]", NONE),  # no part says that TypeScript is looked at
        (
            "defineConfig([{ files: ['**/*.ts'], extends: [js.configs.recommended, tseslint.configs.strict] }])",
            NONE,
        ),
        ("[tseslint.configs.base, { files: ['**/*.ts'], ...js.configs.recommended }]", ALL),
    ],
)
def test_typescript_has_a_compiler_that_knows_names(
    exported: str, expected: frozenset[str]
) -> None:
    assert undeclared(exported, "ts") == expected


def test_a_configuration_may_be_a_constant_or_commonjs() -> None:
    before = (
        "const parts = [js.configs.recommended];\nconst all = [...parts, { ignores: ['x'] }];\n"
    )
    assert undeclared("all", before=before) == ALL
    required = 'const js = require("@eslint/js");\nmodule.exports = [js.configs.recommended];\n'
    root = parse(required, "typescript")
    assert root is not None
    assert undeclared_by(root, "a.js") == ALL
    looping = parse("const a = b;\nconst b = a;\nexport default a;\n", "typescript")
    assert looping is not None
    assert undeclared_by(looping, "a.js") == NONE

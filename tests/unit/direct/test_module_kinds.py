"""CommonJS and ES modules, one out of the other: the same names, lines and meaning."""

from __future__ import annotations

import pytest

from cronshift.targets.direct.javascript.module_kinds import commonjs, es_module

PAIRS = [
    ('import { a, b as c } from "./x";\n', 'const { a, b: c } = require("./x");\n'),
    ('import pg from "pg";\n', 'const pg = require("pg");\n'),
    ("import {\n  a,\n  b,\n} from './x';\n", "const {\n  a,\n  b,\n} = require('./x');\n"),
]


@pytest.mark.parametrize(("module", "required"), PAIRS)
def test_imports_and_requirements_stand_for_each_other(module: str, required: str) -> None:
    assert commonjs(module) == required
    assert es_module(required) == module


@pytest.mark.parametrize(
    "text",
    [
        'const x = require("./x").y;\n',
        'const { a = 1 } = require("./x");\n',
        'const { a: { b } } = require("./x");\n',
        'const a = require("./a"), b = require("./b");\n',
        'require("./tracing");\n',
        "const x = require(name);\n",
    ],
)
def test_what_more_than_requires_stays(text: str) -> None:
    assert es_module(text) == text


def test_what_is_exported_stands_at_the_end() -> None:
    text = (
        'import "./tracing";\n'
        'import * as all from "./all";\n'
        'export { one as two } from "./one";\n'
        "export const three = () => all;\n"
        "export async function four() {}\n"
        "const five = 5;\n"
        "export { five as six };\n"
    )
    assert commonjs(text) == (
        'require("./tracing");\n'
        'const all = require("./all");\n'
        'const { one: two } = require("./one");\n'
        "const three = () => all;\n"
        "async function four() {}\n"
        "const five = 5;\n"
        "\n\nmodule.exports = { two, three, four, six: five };\n".replace("\n\n\n", "\n\n")
    )


def test_a_default_alone_is_the_whole_module() -> None:
    assert commonjs("export default function work() {}\n") == (
        "module.exports = function work() {}\n"
    )
    with pytest.raises(ValueError, match="default export beside others"):
        commonjs("export const a = 1;\nexport default a;\n")


def test_what_all_of_another_module_exports_is_not_told() -> None:
    with pytest.raises(ValueError, match="not told"):
        commonjs('export * from "./x";\n')

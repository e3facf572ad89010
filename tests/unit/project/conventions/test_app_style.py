"""How an app writes its code: what its formatter is told, else what its files look like."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.project.conventions.code import CodeStyle, TrailingCommas
from cronshift.project.conventions.style import style_of

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = CodeStyle()
SINGLE = "import a from 'a'\nimport { b } from 'b'\n\nexport function c() {\n\treturn \"it's\"\n}\n"


def style(root: Path, **files: str) -> CodeStyle:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return style_of(SourceTree(root))


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (".prettierrc", '{ "singleQuote": true, "semi": false }', ("'", "", "  ")),
        (".prettierrc", "singleQuote: true\ntabWidth: 4\n", ("'", ";", "    ")),
        (".prettierrc.yaml", "semi: false\n", ('"', "", "  ")),
        (".prettierrc.json", '{ "useTabs": true, /* all */ }', ('"', ";", "\t")),
        (".prettierrc.toml", "semi = false\n", ('"', "", "  ")),
        ("package.json", '{"prettier": {"singleQuote": true}}', ("'", ";", "  ")),
        ("prettier.config.mjs", "export default { semi: false, tabWidth: 4 };", ('"', "", "    ")),
        (
            ".prettierrc.js",
            "const config = { semi: false };\nmodule.exports = config;",
            ('"', "", "  "),
        ),
        (
            "biome.json",
            '{"formatter": {"indentStyle": "space", "indentWidth": 4}}',
            ('"', ";", "    "),
        ),
        (
            "biome.json",
            '{"javascript": {"formatter": {"quoteStyle": "single", "semicolons": "asNeeded"}}}',
            ("'", "", "\t"),
        ),
    ],
)
def test_a_formatters_configuration_has_the_word(
    tmp_path: Path, file: str, text: str, expected: tuple[str, str, str]
) -> None:
    quote, end, indent = expected
    against = "export const a = 'a'\n" if quote == '"' else 'export const a = "a";\n'
    told = style(tmp_path, **{file: text, "app/a.ts": against})
    assert told == CodeStyle(quote == '"', end == ";", indent)


@pytest.mark.parametrize(
    ("text", "indent"),
    [
        ("[*]\nindent_style = tab\n", "\t"),
        ("root = true\n[*]\nindent_style = space\nindent_size = 4\n", "    "),
        ("[*]\nindent_size = 4\n[*.{ts,tsx}]\nindent_size = 2\n", "  "),
        ("[*.py]\nindent_size = 8\n", "  "),
    ],
)
def test_indentation_is_what_the_editor_is_told(tmp_path: Path, text: str, indent: str) -> None:
    source = "export function a() {\n  return 1;\n}\n"
    assert style(tmp_path, **{".editorconfig": text, "app/a.ts": source}).indent == indent


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({".prettierrc": "printWidth: 100"}, CodeStyle(width=100)),
        ({".prettierrc": '{"printWidth": "wide", "tabWidth": 4}'}, CodeStyle(indent="    ")),
        ({"prettier.config.mjs": "export default { printWidth: 120 };"}, CodeStyle(width=120)),
        (
            {"biome.json": '{"formatter": {"lineWidth": 100, "indentStyle": "space"}}'},
            CodeStyle(width=100),
        ),
        (
            {"biome.json": '{"javascript": {"formatter": {"lineWidth": 90, "indentWidth": 4}}}'},
            CodeStyle(width=90, indent="\t", tab=4),
        ),
        ({".prettierrc": '{"printWidth": -1}'}, PLAIN),
        ({".prettierrc": '{"printWidth": true}'}, PLAIN),
    ],
)
def test_a_line_is_as_wide_as_the_formatter_lets_it(
    tmp_path: Path, files: dict[str, str], expected: CodeStyle
) -> None:
    assert style(tmp_path, **files) == expected


NEAR, FAR = "apps/web/lib/inngest", "apps/api/lib/inngest"


@pytest.mark.parametrize(
    ("files", "near"),
    [
        ({".prettierrc": "semi: true", "apps/web/.prettierrc": '{"semi": false}'}, CodeStyle(semicolons=False)),
        ({"apps/web/package.json": '{"prettier": {"tabWidth": 4}}'}, CodeStyle(indent="    ")),
        ({"apps/web/lib/.editorconfig": "[*]\nindent_size = 4\n"}, CodeStyle(indent="    ")),
        (
            {".prettierrc": '{"overrides": [{"files": "apps/web/**/*.ts", "options": {"semi": false}}]}'},
            CodeStyle(semicolons=False),
        ),
        (
            {".prettierrc.yaml": 'overrides:\n  - files: ["*.{js,ts}", "*.md"]\n    excludeFiles: x\n', "apps/web/.prettierrc": "{}"},
            CodeStyle(),
        ),
        (
            {
                "biome.json": '{"formatter": {"indentStyle": "space"}}',
                "apps/web/biome.json": '{"root": false, "extends": "//", "javascript": {"formatter": {"semicolons": "asNeeded"}}}',
            },
            CodeStyle(semicolons=False),
        ),
        (
            {
                "biome.json": '{"formatter": {"indentStyle": "space"}}',
                "apps/web/style.json": '{"formatter": {"indentStyle": "space", "indentWidth": 4}}',
                "apps/web/biome.jsonc": '{"extends": ["./style.json"], /* ours */ }',
            },
            CodeStyle(indent="    "),
        ),
        (
            {
                "biome.json": '{"formatter": {"indentStyle": "space"}, "overrides": [{"includes": ["apps/web/**/*.ts"], "formatter": {"indentWidth": 4}}]}'
            },
            CodeStyle(indent="    "),
        ),
        ({"biome.json": '{"formatter": {"enabled": false}}', "apps/web/.prettierrc": "semi: false"}, CodeStyle(semicolons=False)),
    ],
)  # fmt: skip
def test_the_nearest_configuration_has_the_word_and_no_other(
    tmp_path: Path, files: dict[str, str], near: CodeStyle
) -> None:
    style(tmp_path, **files)
    assert style_of(SourceTree(tmp_path), NEAR) == near
    assert style_of(SourceTree(tmp_path), FAR) == PLAIN


@pytest.mark.parametrize(
    "overrides", ["1", "[1]", '[{"files": 1}]', '[{"files": [1, "*.ts"], "options": 2}]']
)
def test_overrides_that_say_nothing_are_no_reason_to_stop(tmp_path: Path, overrides: str) -> None:
    text = f'{{"semi": true, "overrides": {overrides}}}'
    assert style(tmp_path, **{"a/.prettierrc": text, ".prettierrc": text}) == PLAIN


def test_prettier_without_a_width_takes_the_editors(tmp_path: Path) -> None:
    files = {".prettierrc": '{"semi": true}', ".editorconfig": "[*]\nindent_style = tab\n"}
    assert style(tmp_path, **files) == CodeStyle(indent="\t")


def test_without_a_formatter_most_of_the_files_decide(tmp_path: Path) -> None:
    told = style(tmp_path, **{"app/a.ts": SINGLE, "app/b.tsx": SINGLE, "app/c.ts": 'a("b");\n'})
    assert told == CodeStyle(double_quotes=False, semicolons=False, indent="\t")


def test_what_cronshift_generated_does_not_count(tmp_path: Path) -> None:
    ours = (
        '// Generated by cronshift (sha256 0123456789abcdef); yours to edit.\nimport a from "a";\n'
    )
    files = {f"app/{number}.ts": ours for number in range(9)}
    assert style(tmp_path, **files, **{"lib/a.ts": SINGLE}).double_quotes is False


@pytest.mark.parametrize("text", ["", "{", ": :\n", "[]", "- a", '"a"', "\t{"])
def test_a_configuration_that_says_nothing_is_no_reason_to_stop(tmp_path: Path, text: str) -> None:
    assert (
        style(tmp_path, **{".prettierrc": text, "biome.json": text, "package.json": text}) == PLAIN
    )


def test_an_empty_project_is_written_as_generated(tmp_path: Path) -> None:
    assert style(tmp_path) == PLAIN


@pytest.mark.parametrize(
    ("files", "commas"),
    [
        ({".prettierrc": '{"trailingComma": "none"}'}, TrailingCommas.NONE),
        ({"prettier.config.mjs": "export default { trailingComma: 'es5' };"}, TrailingCommas.ES5),
        ({"biome.json": '{"javascript": {"formatter": {"trailingCommas": "none"}}}'}, TrailingCommas.NONE),
        ({".prettierrc": '{"semi": false}'}, TrailingCommas.ALL),
        ({".prettierrc": '{"semi": false}', "package.json": '{"devDependencies": {"prettier": "^2.8.7"}}'}, TrailingCommas.ES5),
        ({".prettierrc": '{"semi": false}', "package.json": '{"devDependencies": {"prettier": "3.2.0"}}'}, TrailingCommas.ALL),
        ({".prettierrc": '{"trailingComma": 7}'}, TrailingCommas.ALL),
    ],
)  # fmt: skip
def test_commas_at_the_ends_of_lists_are_the_formatters(
    tmp_path: Path, files: dict[str, str], commas: TrailingCommas
) -> None:
    assert style(tmp_path, **files).trailing_commas is commas


RULED = {"prettier/prettier": ["error", {"singleQuote": True, "semi": False, "tabWidth": 4}]}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".eslintrc.json", json.dumps({"extends": "next", "rules": RULED})),
        (".eslintrc.json", json.dumps({"overrides": [{"files": ["*.ts"], "rules": RULED}]})),
        ("package.json", json.dumps({"eslintConfig": {"rules": RULED}})),
        (".eslintrc.js", f"module.exports = {{ ...base, rules: {json.dumps(RULED)} }};\n"),
        ("eslint.config.mjs", f"export default [next, {{ rules: {json.dumps(RULED)} }}];\n"),
    ],
)
def test_prettiers_options_in_eslints_rule_have_the_last_word(
    tmp_path: Path, file: str, text: str
) -> None:
    files = {file: text, ".prettierrc": '{"semi": true, "printWidth": 100}'}
    assert style(tmp_path, **files) == CodeStyle(
        double_quotes=False, semicolons=False, indent="    ", width=100
    )
    (tmp_path / ".prettierrc").unlink()
    alone = CodeStyle(double_quotes=False, semicolons=False, indent="    ")
    assert style_of(SourceTree(tmp_path)) == alone


@pytest.mark.parametrize("rule", ['"error"', '["error"]', '["error", make()]'])
def test_a_rule_without_options_says_nothing_of_the_style(tmp_path: Path, rule: str) -> None:
    text = f"export default [{{ rules: {{ 'prettier/prettier': {rule} }} }}];\n"
    assert style(tmp_path, **{"eslint.config.js": text, "app/a.ts": SINGLE}) == style_of(
        SourceTree(tmp_path / "app")
    )

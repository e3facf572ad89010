"""Literal TypeScript and JavaScript configurations, read without running them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.errors import ConfigError
from cronshift.vercel import ConfigFormat, VercelConfig, read_project, script

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = '{ path: "/api/x", schedule: "0 6 * * *" }'


def read(root: Path, text: str, name: str = "vercel.ts") -> VercelConfig:
    (root / name).write_text(text)
    return read_project(root)[0]


@pytest.mark.parametrize(
    "text",
    [
        f"export default {{ crons: [{ENTRY}] }};",
        f"export const config = {{ crons: [{ENTRY}] }};",
        f"export const crons = [{ENTRY}];",
        f"const crons = [{ENTRY}];\nexport default {{ crons }};",
        f"const config: VercelConfig = {{ crons: [{ENTRY}] }};\nexport default config;",
        f"const config = {{ crons: [{ENTRY}] }} satisfies VercelConfig;\nexport {{ config as default }};",
        f"export default {{ crons: [{ENTRY}] }} as const;",
        f"import {{ defineConfig }} from '@vercel/config';\nexport default defineConfig({{ crons: [{ENTRY}] }});",
        f"module.exports = {{ crons: [{ENTRY}] }};",
        f"exports.crons = [{ENTRY}];",
        f"const one = {ENTRY};\nexport default {{ crons: [one] }};",
        f"const shared = {{ crons: [{ENTRY}] }};\nexport default {{ ...shared, regions: [] }};",
        f"const all = [{ENTRY}];\nexport default {{ crons: [...all] }};",
        "export default { 'crons': [{ 'path': `/api/x`, schedule: '0 6 * * *' }] };",
        "export default { crons: [{ path: '/\\x61pi/\\u0078', schedule: '0 6 * * *' }] };",
        f"export default {{ /* why */ crons: [ // what\n {ENTRY}, ] }};",
    ],
)
def test_what_is_written_out_is_read(tmp_path: Path, text: str) -> None:
    config = read(tmp_path, text)
    assert config.format is ConfigFormat.SCRIPT
    assert [(entry.path, entry.schedule) for entry in config.entries] == [("/api/x", "0 6 * * *")]
    assert config.problems == ()


@pytest.mark.parametrize("name", ["vercel.mts", "vercel.js", "vercel.mjs", "vercel.cjs"])
def test_every_name_that_vercel_takes_is_read(tmp_path: Path, name: str) -> None:
    assert len(read(tmp_path, f"export default {{ crons: [{ENTRY}] }};", name).entries) == 1


def test_entries_keep_their_lines(tmp_path: Path) -> None:
    config = read(tmp_path, f"// first\nexport default {{\n  crons: [\n    {ENTRY},\n  ],\n}};\n")
    assert str(config.entries[0].source) == "vercel.ts:4"


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("export default { crons: makeCrons() };", "crons"),
        ("export default { crons: process.env.CI ? [] : [] };", "crons"),
        (f"export default {{ crons: [...others(), {ENTRY}] }};", "crons[0]"),
        ("export default { crons: [{ path: base + '/x', schedule: '0 6 * * *' }] };", "crons[0].path"),
        ("export default { crons: [{ path: `/api/${name}`, schedule: '0 6 * * *' }] };", "crons[0].path"),
        ("let path = '/a';\nexport default { crons: [{ path, schedule: '0 6 * * *' }] };", "crons[0].path"),
    ],
)  # fmt: skip
def test_what_is_computed_is_told_and_never_guessed(
    tmp_path: Path, text: str, pointer: str
) -> None:
    config = read(tmp_path, text)
    assert [(problem.pointer, problem.rule) for problem in config.problems] == [
        (pointer, "not-literal")
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("export default { crons: [", "invalid-script"),
        ("console.log(1)", "not-literal"),
        ("export default makeConfig();", "not-literal"),
    ],
)
def test_a_script_without_a_literal_configuration_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert caught.value.reason == reason


def test_a_constant_that_means_itself_does_not_loop(tmp_path: Path) -> None:
    config = read(tmp_path, "const a = b;\nconst b = a;\nexport default { crons: [a] };")
    assert [problem.rule for problem in config.problems] == ["not-literal"]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"export default {{ crons: [{ENTRY}] }};", "/g/api/x"),
        (f"const all = [{ENTRY}];\nexport const config = {{ crons: [...all] }};", None),
        ("export const crons = [{ path: `/api/x`, schedule: '0 6 * * *' }];", "/g/api/x"),
        ("export const crons = [{ path: '/\\x61pi/x', schedule: '0 6 * * *' }];", None),
        ("const path = '/api/x';\nexport const crons = [{ path, schedule: '0 6 * * *' }];", None),
        ("const at = '/api/x';\nexport const crons = [{ path: at, schedule: '' }];", None),
        ("export const crons = [{ path: `/${name}/x`, schedule: '0 6 * * *' }];", None),
        ("export const crons = jobs.map((job) => job.entry);", None),
        ("export const crons = [", None),
        ('{ "crons": [{ "path": "/api/x", "schedule": "0 6 * * *" }] }', None),
    ],
)
def test_only_a_path_that_its_entry_spells_is_replaced(text: str, after: str | None) -> None:
    if after is None:
        with pytest.raises(ConfigError):
            script.replace_path_start(text, 0, "/api/", "/g/api/", file="vercel.ts")
        return
    replaced = script.replace_path_start(text, 0, "/api/", "/g/api/", file="vercel.ts")
    assert replaced == text.replace("/api/x", after)

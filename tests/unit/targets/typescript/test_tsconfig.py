"""The compiler option that an app's tsconfig.json gets, where it lacks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.typescript.tsconfig import lacks_json_modules, with_json_modules

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (
            '{\n  "compilerOptions": {\n    "strict": true // always\n  },\n  "include": ["api"]\n}\n',
            '{\n  "compilerOptions": {\n    "strict": true, // always\n    "resolveJsonModule": true\n  },\n  "include": ["api"]\n}\n',
        ),
        (
            '{\r\n\t"compilerOptions": {\r\n\t\t"strict": true,\r\n\t},\r\n}\r\n',
            '{\r\n\t"compilerOptions": {\r\n\t\t"strict": true,\r\n\t\t"resolveJsonModule": true,\r\n\t},\r\n}\r\n',
        ),
        (
            '{"compilerOptions": {"strict": true}}',
            '{"compilerOptions": {"strict": true, "resolveJsonModule": true}}',
        ),
        (
            '{\n  "extends": "./base.json"\n}\n',
            '{\n  "extends": "./base.json",\n  "compilerOptions": { "resolveJsonModule": true }\n}\n',
        ),
        (
            '\ufeff{\n  // ours\n  "compilerOptions": {\n    "strict": true, // always\n  },\n}\n',
            '\ufeff{\n  // ours\n  "compilerOptions": {\n    "strict": true, // always\n    "resolveJsonModule": true,\n  },\n}\n',
        ),
        ("{}\n", '{ "compilerOptions": { "resolveJsonModule": true } }\n'),
        ('{"compilerOptions": {}}', '{"compilerOptions": { "resolveJsonModule": true }}'),
    ],
)
def test_the_option_is_added_and_all_else_stays(text: str, after: str) -> None:
    assert with_json_modules(text) == after
    assert with_json_modules(after) == after


@pytest.mark.parametrize(
    "text", ['{"compilerOptions": {"resolveJsonModule": false}}', '{"compilerOptions": 1}', "{", ""]
)
def test_what_says_otherwise_or_cannot_be_read_stays(text: str) -> None:
    assert with_json_modules(text) == text


NODE = {"module": "commonjs", "moduleResolution": "node"}
BUNDLER = {"module": "ESNext", "moduleResolution": "Bundler"}


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        ({}, False),
        ({"tsconfig.json": {}}, True),
        ({"tsconfig.json": {"compilerOptions": NODE}}, True),
        ({"tsconfig.json": {"compilerOptions": BUNDLER}}, False),
        ({"tsconfig.json": {"compilerOptions": {"module": "preserve"}}}, False),
        ({"tsconfig.json": {"compilerOptions": NODE | {"resolveJsonModule": True}}}, False),
        ({"tsconfig.json": {"compilerOptions": NODE | {"resolveJsonModule": False}}}, False),
        ({"tsconfig.json": {"files": [], "references": [{"path": "./app"}]}}, False),
        ({"tsconfig.json": {"extends": "@tsconfig/node22/tsconfig.json"}}, False),
        ({"tsconfig.json": {"extends": ["./a.json", "./b.json"]}}, False),
        (
            {"tsconfig.json": {"extends": "./base"}, "base.json": {"compilerOptions": BUNDLER}},
            False,
        ),
        ({"tsconfig.json": {"extends": "./base"}, "base.json": {"compilerOptions": NODE}}, True),
        ({"tsconfig.json": {"extends": "./.svelte-kit/tsconfig.json"}}, False),
    ],
)
def test_only_what_is_known_to_lack_it_gets_it(
    tmp_path: Path, files: dict[str, object], *, lacks: bool
) -> None:
    for name, document in files.items():
        (tmp_path / name).write_text(json.dumps(document))
    assert lacks_json_modules(SourceTree(tmp_path), "") is lacks

"""The runtime that a Python app is installed with from migrate on."""

from __future__ import annotations

import pytest

from cronshift.project.requirements import has_runtime, with_runtime


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("requirements.txt", "fastapi\n", "fastapi\ncronshift-runtime[functions]\n"),
        ("requirements.txt", "fastapi", "fastapi\ncronshift-runtime[functions]\n"),
        ("requirements.txt", "a\r\ninngest==0.5 # why\r\n", "a\r\ninngest==0.5 # why\r\ncronshift-runtime[functions]\r\n"),
        ("requirements.txt", "Inngest>=0.5\ngit+https://x.example/y#egg=cronshift\n", None),
        ("pyproject.toml", '[project]\nname = "x"\ndependencies = [\n  "fastapi", # web\n]\n', '[project]\nname = "x"\ndependencies = [\n  "fastapi", # web\n  "cronshift-runtime[functions]",\n]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\n', '[tool.poetry.dependencies]\npython = "^3.11"\n\n[tool.poetry.dependencies.cronshift-runtime]\nversion = "*"\nextras = ["functions"]\n'),
        ("pyproject.toml", "[tool.ruff]\n", None),
    ],
)  # fmt: skip
def test_what_is_missing_is_added_and_nothing_else_changes(
    file: str, before: str, after: str | None
) -> None:
    assert with_runtime(before, file) == (before if after is None else after)
    if after is not None:
        assert has_runtime(after, file)

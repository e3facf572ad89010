"""The two packages that a Python app is installed with from migrate on."""

from __future__ import annotations

import pytest

from cronshift.project.requirements import names_in, with_packages


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("requirements.txt", "fastapi\n", "fastapi\ninngest\ncronshift\n"),
        ("requirements.txt", "fastapi", "fastapi\ninngest\ncronshift\n"),
        ("requirements.txt", "a\r\ninngest==0.5 # why\r\n", "a\r\ninngest==0.5 # why\r\ncronshift\r\n"),
        ("requirements.txt", "Inngest>=0.5\ngit+https://x.example/y#egg=cronshift\n", None),
        ("pyproject.toml", '[project]\nname = "x"\ndependencies = [\n  "fastapi", # web\n]\n', '[project]\nname = "x"\ndependencies = [\n  "fastapi", # web\n  "inngest",\n  "cronshift",\n]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\n', '[tool.poetry.dependencies]\npython = "^3.11"\ninngest = "*"\ncronshift = "*"\n'),
        ("pyproject.toml", "[tool.ruff]\n", None),
    ],
)  # fmt: skip
def test_what_is_missing_is_added_and_nothing_else_changes(
    file: str, before: str, after: str | None
) -> None:
    assert with_packages(before, file) == (before if after is None else after)
    if after is not None:
        assert {"inngest", "cronshift"} <= names_in(after, file)

"""The runtime that a Python app is installed with from migrate on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project
from cronshift.project.requirements import (
    has_runtime,
    manifest_of,
    takes_lines,
    with_runtime,
    without_runtime,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("requirements.txt", "fastapi\n", "fastapi\ncronshift-runtime[functions]\n"),
        ("requirements.txt", "fastapi", "fastapi\ncronshift-runtime[functions]\n"),
        ("requirements.txt", "a\r\ninngest==0.5 # why\r\n", "a\r\ninngest==0.5 # why\r\ncronshift-runtime[functions]\r\n"),
        ("requirements.txt", "Inngest>=0.5\ngit+https://x.example/y#egg=cronshift\n", None),
        ("pyproject.toml", '[project]\nname = "x"\ndependencies = [\n  "fastapi", # web\n]\n', '[project]\nname = "x"\ndependencies = [\n  "fastapi", # web\n  "cronshift-runtime[functions]",\n]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.11"\n', '[tool.poetry.dependencies]\npython = "^3.11"\ncronshift-runtime = {version = "*", extras = ["functions"]}\n'),
        ("Pipfile", '[packages]\nfastapi = "*"\n\n[requires]\npython_version = "3.12"\n', '[packages]\nfastapi = "*"\ncronshift-runtime = {version = "*", extras = ["functions"]}\n\n[requires]\npython_version = "3.12"\n'),
        ("api/requirements.txt", "requests\n", "requests\ncronshift-runtime[functions]\n"),
        ("pyproject.toml", "[tool.ruff]\n", None),
    ],
)  # fmt: skip
def test_what_is_missing_is_added_and_nothing_else_changes(
    file: str, before: str, after: str | None
) -> None:
    assert with_runtime(before, file) == (before if after is None else after)
    if after is not None:
        assert has_runtime(after, file)


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("requirements.txt", "flask\n", "flask\nasgiref>=3.2\ninngest>=0.5.19,<0.6\n"),
        ("Pipfile", '[packages]\nflask = "*"\n', '[packages]\nflask = "*"\nasgiref = ">=3.2"\ninngest = ">=0.5.19,<0.6"\n'),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\nflask = "*"\n',
            '[tool.poetry.dependencies]\nflask = "*"\nasgiref = ">=3.2"\ninngest = ">=0.5.19,<0.6"\n',
        ),
    ],
)  # fmt: skip
def test_the_sdk_takes_the_place_of_the_runtime(file: str, before: str, after: str) -> None:
    assert without_runtime(with_runtime(before, file), file, "asgiref>=3.2") == after
    assert without_runtime(before, file) == before


def test_packages_are_installed_from_a_pipfile_too(tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text('[packages]\nfastapi = "*"\n')
    assert manifest_of(SourceTree(tmp_path)) == "Pipfile"
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    assert manifest_of(SourceTree(tmp_path)) == "requirements.txt"


def test_a_manifest_in_utf_16_is_left_alone() -> None:
    """As PowerShell redirects it: a line in UTF-8 behind it would break the whole of it."""
    text = "fastapi\r\n".encode("utf-16").decode(errors="surrogateescape")
    assert not takes_lines(text)
    assert with_runtime(text, "requirements.txt") == text


def test_bytes_of_another_encoding_stay(tmp_path: Path) -> None:
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/a", "schedule": "0 6 * * *"}]}'
    )
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "a.py").write_text("def handler(request):\n    return {}\n")
    (tmp_path / "requirements.txt").write_bytes(b"fastapi # caf\xe9\n")
    now = datetime(2026, 11, 24, tzinfo=UTC)
    operation = prepare_migration(load_project(tmp_path), (), now).operation
    after = {image.path: image.after for image in operation.images}["requirements.txt"]
    assert after == b"fastapi # caf\xe9\ncronshift-runtime[functions]\n"

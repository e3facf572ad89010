"""What still speaks of jobs that are Inngest's: their paths, folders of them alone, the secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.plan.leftovers import find_leftovers

if TYPE_CHECKING:
    from pathlib import Path

PATHS = ("/api/cron/tides?region=north", "/api/cron/moons")
OPEN = 'const OPEN = ["/login", "/api/cron"];\nexport const config = { matcher: "/api/cron/:path*" };\n'


def told(root: Path, edited: dict[str, bytes | None] | None = None) -> list[tuple[str, int, str]]:
    """Return the lines that are told."""
    found = find_leftovers(root, PATHS, "lib/inngest", edited or {})
    return [(line.file, line.line, line.text) for line in found]


def test_a_folder_of_paths_that_are_all_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "middleware.ts").write_text(OPEN)
    (tmp_path / "notes.md").write_text("See /api/cron/tides and what /api/cronjobs did.\n")
    assert sorted(told(tmp_path)) == [
        ("middleware.ts", 1, "/api/cron"),
        ("middleware.ts", 2, "/api/cron"),
        ("notes.md", 1, "/api/cron/tides"),
    ]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("app/api/cron/suns/route.ts", "export {}"),
        ("pages/api/cron.ts", "export {}"),
        ("main.py", '@app.get("/api/cron/suns")\n'),
    ],
)
def test_a_folder_where_another_path_is_has_its_reason(
    tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / "middleware.ts").write_text(OPEN)
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    assert told(tmp_path) == []
    (tmp_path / file).unlink()
    assert len(told(tmp_path)) == 2


def test_a_file_that_goes_is_no_other_path(tmp_path: Path) -> None:
    (tmp_path / "middleware.ts").write_text(OPEN)
    (tmp_path / "app/api/cron/tides").mkdir(parents=True)
    (tmp_path / "app/api/cron/tides/route.ts").write_text("export {}")
    assert told(tmp_path) == []
    assert len(told(tmp_path, {"app/api/cron/tides/route.ts": None})) == 2


def test_what_a_build_wrote_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "tsconfig.tsbuildinfo").write_text('["./app/api/cron/tides/route.ts"]')
    assert told(tmp_path) == []

"""Each framework's app, moved, built and started once for all its tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from .apps import (
    KITS,
    Kit,
    copied,
    handed_over,
    installed_copy,
    migrated,
    ran,
    started,
    with_entry,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Running:
    """A running app, whose jobs ``nightly`` and ``always`` are all Inngest's."""

    kit: Kit
    root: Path
    url: str


@pytest.fixture(scope="session", params=KITS, ids=[kit.name for kit in KITS])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    kit: Kit = request.param
    with installed_copy(kit) as root:
        with_entry(root, "/api/jobs/always", "* * * * *")
        migrated(root)
        handed_over(root, ["nightly", "always"])
        done = ran(kit, root, kit.building)
        assert done.returncode == 0, done.stdout + done.stderr
        with started(kit, root) as url:
            yield Running(kit, root, url)


@pytest.fixture(params=KITS, ids=[kit.name for kit in KITS])
def kit(request: pytest.FixtureRequest) -> Kit:
    chosen: Kit = request.param
    return chosen


@pytest.fixture
def app(kit: Kit, tmp_path: Path) -> Path:
    return copied(kit, tmp_path / "app")

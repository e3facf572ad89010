"""Each framework's app, moved, built and started once for all its tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.integration.nextjs.session_app import a_database, plain
from tests.integration.sessions.conftest import EXAMPLE

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
from .sessions import SERVED, with_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Running:
    """A running app, whose jobs ``nightly`` and ``always`` are all Inngest's."""

    kit: Kit
    root: Path
    url: str
    database: str


@pytest.fixture(scope="session", params=KITS, ids=[kit.name for kit in KITS])
def running(
    request: pytest.FixtureRequest, node_packages: Path, postgresql_url: str
) -> Iterator[Running]:
    kit: Kit = request.param
    with installed_copy(kit) as root:
        with_entry(root, "/api/jobs/always", "* * * * *")
        migrated(root)
        handed_over(root, ["nightly", "always"])
        if kit.name in SERVED:
            with_sessions(root, kit.name, node_packages)
        done = ran(kit, root, kit.building)
        assert done.returncode == 0, done.stdout + done.stderr
        tables = root / "migrations/session_tables.sql"
        own = [tables.read_text()] if tables.is_file() else []
        schema = (EXAMPLE / "schema.postgresql.sql").read_text()
        with (
            a_database(postgresql_url, schema, *own) as database,
            started(kit, root, DATABASE_URL=plain(database)) as url,
        ):
            yield Running(kit, root, url, database)


@pytest.fixture(params=KITS, ids=[kit.name for kit in KITS])
def kit(request: pytest.FixtureRequest) -> Kit:
    chosen: Kit = request.param
    return chosen


@pytest.fixture
def app(kit: Kit, tmp_path: Path) -> Path:
    return copied(kit, tmp_path / "app")

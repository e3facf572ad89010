"""Each framework's app, moved, built and started once for all its tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.integration.nextjs.session_app import a_database, plain
from tests.integration.sessions.conftest import EXAMPLE
from tests.integration.store.claims_server import claims_served

from .apps import (
    KITS,
    SECRET,
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


WATCHED = """[project]
ledger = true
claims = "environment"

[jobs.echo]
rehearsal = "?x=dry"
"""


@dataclass(frozen=True)
class Running:
    """A running app, whose jobs ``nightly`` and ``always`` are all Inngest's.

    Attributes:
        database: of its sessions.
        ledger: the database of its claims and its ledger, which a worker keeps.
    """

    kit: Kit
    root: Path
    url: str
    database: str
    ledger: str


@pytest.fixture(scope="session", params=KITS, ids=[kit.name for kit in KITS])
def running(
    request: pytest.FixtureRequest,
    node_packages: Path,
    postgresql_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    kit: Kit = request.param
    ledger = f"sqlite:///{tmp_path_factory.mktemp('worker') / 'worker.db'}"
    with installed_copy(kit) as root:
        (root / "cronshift.toml").write_text(WATCHED)
        with_entry(root, "/api/jobs/always", "* * * * *")
        migrated(root)
        handed_over(root, ["nightly", "always"])
        if kit.name in SERVED:
            with_sessions(root, kit.name, node_packages)
        if kit.building:
            done = ran(kit, root, kit.building)
            assert done.returncode == 0, done.stdout + done.stderr
        tables = root / "migrations/session_tables.sql"
        own = [tables.read_text()] if tables.is_file() else []
        schema = (EXAMPLE / "schema.postgresql.sql").read_text()
        with (
            a_database(postgresql_url, schema, *own) as database,
            claims_served(ledger, CRON_SECRET=SECRET, CRONSHIFT_LEDGER_URL=ledger) as worker,
            started(
                kit,
                root,
                DATABASE_URL=plain(database),
                CRONSHIFT_CLAIMS_URL=worker,
                CRONSHIFT_LEDGER_URL=worker,
            ) as url,
        ):
            yield Running(kit, root, url, database, ledger)


@pytest.fixture(params=KITS, ids=[kit.name for kit in KITS])
def kit(request: pytest.FixtureRequest) -> Kit:
    chosen: Kit = request.param
    return chosen


@pytest.fixture
def app(kit: Kit, tmp_path: Path) -> Path:
    return copied(kit, tmp_path / "app")

"""What a server lets peers take follows from what this process may open."""

from __future__ import annotations

import pytest

from cronshift.engine.server import limits
from cronshift.engine.server.limits import Limits


@pytest.mark.parametrize(
    ("open_files", "connections"), [(65_536, 1_000), (1_024, 960), (256, 192), (64, 1), (8, 1)]
)
def test_there_are_fewer_connections_than_files_that_may_be_open(
    monkeypatch: pytest.MonkeyPatch, open_files: int, connections: int
) -> None:
    monkeypatch.setattr(limits, "_open_files", lambda: open_files)
    assert Limits.of_this_process().connections == connections


def test_this_process_may_open_some_files() -> None:
    assert 1 <= Limits.of_this_process().connections <= 1_000


def test_the_largest_body_of_the_engine_fits() -> None:
    """An event of 3 MiB whose numbers are written out: ``1e20,`` becomes 22 digits and a comma."""
    event, longest = 3 * 1024 * 1024, len("100000000000000000000,")
    assert event // len("1e20,") * longest + 512 * 1024 < Limits().body_bytes

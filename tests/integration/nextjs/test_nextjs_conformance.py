"""TypeScript reads an ownership file, and finds the owner of a tick, as the shared vectors say."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cronshift import operations
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project

from .conftest import LONG_AGO, example_app
from .typescript_app import VECTORS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.node
ASKED = Path(__file__).with_name("asked.ts")


@pytest.fixture(scope="module")
def answers(node_packages: Path) -> Iterator[dict[str, Any]]:
    """What the generated TypeScript says to every vector."""
    with example_app(node_packages) as root:
        operations.apply(root, prepare_migration(load_project(root), (), LONG_AGO).operation)
        (root / "asked.ts").write_text(ASKED.read_text())
        loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()
        done = subprocess.run(
            ["node", "--import", loader, "asked.ts"],
            cwd=root,
            input=VECTORS.read_bytes(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        yield json.loads(done.stdout)


def test_every_document_is_read_or_refused_as_the_vectors_say(answers: dict[str, Any]) -> None:
    vectors = json.loads(VECTORS.read_text())["documents"]
    assert len(vectors) >= 135
    for vector, answer in zip(vectors, answers["documents"], strict=True):
        reads = answer["reads"] and {key: dict(units) for key, units in answer["reads"].items()}
        assert reads == vector["reads"], vector["case"]
        assert answer.get("digest") == vector.get("digest"), vector["case"]


def test_every_tick_has_the_owner_that_the_vectors_say(answers: dict[str, Any]) -> None:
    vectors = json.loads(VECTORS.read_text())
    assert answers["owners"] == [vector["owner"] for vector in vectors["owners"]]
    assert answers["buckets"] == [vector["bucket"] for vector in vectors["buckets"]]

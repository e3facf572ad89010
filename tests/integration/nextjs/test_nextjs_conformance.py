"""TypeScript reads an ownership file, and finds the owner of a tick, as the shared vectors say."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.moving.test_epochs import EARLIEST, JOB, MINUTE, NOON, held, histories

from cronshift import operations
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project
from cronshift.runtime.ownership import Owner, dump_ownership, tick_text

from .conftest import LONG_AGO, example_app
from .typescript_app import VECTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.moving.test_epochs import Version

pytestmark = pytest.mark.node
ASKED = Path(__file__).with_name("asked.ts")


@pytest.fixture(scope="module")
def ask(node_packages: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Ask the generated TypeScript, the vectors and what else is given."""
    with example_app(node_packages) as root:
        operations.apply(root, prepare_migration(load_project(root), (), LONG_AGO).operation)
        (root / "asked.ts").write_text(ASKED.read_text())
        loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()

        def asking(**more: object) -> dict[str, Any]:
            done = subprocess.run(
                ["node", "--import", loader, "asked.ts"],
                cwd=root,
                input=json.dumps(json.loads(VECTORS.read_text()) | more).encode(),
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr.decode()
            told: dict[str, Any] = json.loads(done.stdout)
            return told

        yield asking


@pytest.fixture(scope="module")
def answers(ask: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return ask()


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


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=st.lists(histories(), min_size=4, max_size=4))
def test_whenever_both_sides_take_each_file_up_in_time_one_acts_in_whatever_language(
    ask: Callable[..., dict[str, Any]], histories: list[list[Version]]
) -> None:
    """The law of ``tests/unit/moving/test_epochs.py``, either side in either language."""
    moments = [
        (versions, NOON + minute * MINUTE) for versions in histories for minute in range(240)
    ]
    asked = [
        (held(versions, side, tick + EARLIEST), side, tick)
        for versions, tick in moments
        for side in (Owner.VERCEL, Owner.INNGEST)
    ]
    acting = [
        {"side": side, "file": dump_ownership(file), "job": JOB, "tick": tick_text(tick)}
        for file, side, tick in asked
    ]
    typescript = ask(acting=acting)["acting"]
    python = [file.acts(side, JOB, tick) for file, side, tick in asked]
    for first in range(0, len(asked), 2):
        for vercel in (typescript, python):
            for inngest in (typescript, python):
                assert vercel[first] != inngest[first + 1], asked[first]

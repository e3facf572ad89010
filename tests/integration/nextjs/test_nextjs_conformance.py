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

from cronshift.runtime.ownership import Owner, dump_ownership, tick_text

from .conftest import library
from .test_nextjs_guard import guarded
from .typescript_app import VECTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.moving.test_epochs import Version

pytestmark = pytest.mark.node
HERE = Path(__file__).parent
ANSWERS = HERE.parents[1] / "data/answer-vectors.json"
GUARD = HERE.parents[1] / "data/guard-vectors.json"


@pytest.fixture(scope="module")
def app(node_packages: Path) -> Iterator[Callable[[str, bytes], Any]]:
    """Run a script beside the library, and return what it prints."""
    with library(node_packages) as root:
        loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()

        def run(script: str, given: bytes) -> Any:
            (root / script).write_text((HERE / script).read_text())
            done = subprocess.run(
                ["node", "--import", loader, script],
                cwd=root,
                input=given,
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr.decode()
            return json.loads(done.stdout)

        yield run


@pytest.fixture(scope="module")
def answers(app: Callable[[str, bytes], Any]) -> dict[str, Any]:
    """What the generated TypeScript says to every vector of the ownership file."""
    said: dict[str, Any] = app("asked.ts", VECTORS.read_bytes())
    return said


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
    app: Callable[[str, bytes], Any], histories: list[list[Version]]
) -> None:
    """The law of ``tests/unit/moving/test_epochs.py``, either side in either language."""
    moments = [(versions, NOON + at * MINUTE) for versions in histories for at in range(1, 240)]
    asked = [
        (held(versions, side, tick + EARLIEST).ownership, side, tick)
        for versions, tick in moments
        for side in (Owner.VERCEL, Owner.INNGEST)
    ]
    acting = [
        {"side": side, "file": dump_ownership(file), "job": JOB, "tick": tick_text(tick)}
        for file, side, tick in asked
    ]
    vectors = json.loads(VECTORS.read_text()) | {"acting": acting}
    typescript = app("asked.ts", json.dumps(vectors).encode())["acting"]
    python = [file.acts(side, JOB, tick) for file, side, tick in asked]
    for first in range(0, len(asked), 2):
        for vercel in (typescript, python):
            for inngest in (typescript, python):
                assert vercel[first] != inngest[first + 1], asked[first]


EPOCH = {"effective_at": "2026-01-01T00:00:00Z", "percent": 100, "operation": ""}
EPOCHS: list[Any] = [
    [],
    {},
    7,
    [None],
    ["100"],
    [EPOCH],
    [EPOCH, None],
    [EPOCH | {"effective_at": "soon"}],
    [EPOCH | {"effective_at": None}],
    [EPOCH | {"percent": "all"}],
    [EPOCH | {"percent": None}],
    [EPOCH | {"percent": -1}],
    [EPOCH | {"percent": 1000}],
    [EPOCH | {"owner": "me"}],
    [EPOCH, EPOCH | {"effective_at": "2025-01-01T00:00:00Z", "percent": 0}],
]


def test_a_file_that_was_garbled_by_hand_still_gives_each_tick_to_one_side(
    app: Callable[[str, bytes], Any],
) -> None:
    """Of another version it is refused, and with it the build that it stands in."""
    others: list[Any] = [{}, {"version": 2, "jobs": {}}, {"version": "1"}, []]
    files = [{"version": 1}, *({"version": 1, "jobs": {"constructor": each}} for each in EPOCHS)]
    counts = app("garbled.ts", json.dumps([*files, *others]).encode())
    assert counts == [1] * len(files) + ["refused"] * len(others)


def whole(value: Any) -> Any:
    """Return a vector's value with texts written out that are told by their runs."""
    if isinstance(value, dict) and value.keys() == {"runs"}:
        return "".join(text * times for text, times in value["runs"])
    if isinstance(value, dict):
        return {name: whole(member) for name, member in value.items()}
    return value


def test_every_answer_means_what_the_vectors_say(app: Callable[[str, bytes], Any]) -> None:
    vectors = json.loads(ANSWERS.read_text())["answers"]
    for vector, means in zip(vectors, app("judged.ts", ANSWERS.read_bytes()), strict=True):
        if "kept" in vector:
            kept = {"status": vector["status"], **whole(vector["kept"])}
            assert means.get("kept") == kept, vector["case"]
            continue
        fails, message = whole(vector["fails"]), means["message"]
        assert (means["name"] != "NonRetriableError") is fails["again"], vector["case"]
        wait = means["wait"] and float(means["wait"])
        assert wait == fails.get("wait"), vector["case"]
        if fails["says"] == "":
            assert ":" not in message, vector["case"]
        elif fails["says"] is not None:
            assert fails["says"] in message, vector["case"]
            assert len(message) < len(fails["says"]) + 80, vector["case"]


def test_the_guard_decides_each_call_as_the_vectors_say(
    app: Callable[[str, bytes], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRON_SECRET", raising=False)
    vectors = json.loads(GUARD.read_text())
    jobs = [guarded(job["id"], job["path"], job["schedule"]) for job in vectors["jobs"]]
    decisions = app("decided.ts", json.dumps({**vectors, "jobs": jobs}).encode())
    for call, decision in zip(vectors["calls"], decisions, strict=True):
        skips = decision and decision.get("skipped")
        assert skips == call["skips"], call

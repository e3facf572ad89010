"""The ownership file as a Next.js app holds it where the environment says where it is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.runtime import wire

from .conftest import library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Seen = Callable[..., list[Any]]

pytestmark = pytest.mark.node
KEPT = Path(__file__).with_name("kept.ts")
PROTECTED = Path(__file__).with_name("protected.ts")
SECOND = 1000
LIFE = wire.OWNERSHIP_LIFE_SECONDS * SECOND
DAY = 86_400 * SECOND


def file(*jobs: str) -> str:
    return json.dumps({"version": 1, "jobs": {job: [] for job in jobs}})


@pytest.fixture(scope="module")
def seen(node_packages: Path) -> Iterator[Seen]:
    """Drive the library through steps; which jobs it holds, and how often it has asked."""
    with library(node_packages) as root:
        (root / "kept.ts").write_text(KEPT.read_text())
        (root / "protected.ts").write_text(PROTECTED.read_text())
        built = root / "built.json"
        loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()

        def see(
            *steps: tuple[int, Any],
            built_in: str = file("built"),
            script: str = "kept.ts",
            **variables: str,
        ) -> Any:
            built.write_text(built_in)
            done = subprocess.run(
                ["node", "--import", loader, script, json.dumps(steps)],
                cwd=root,
                env={**os.environ, "CRONSHIFT_OWNERSHIP_URL": "https://flags.test/x", **variables},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        yield see


def test_what_was_read_last_goes_on_while_the_address_fails(seen: Seen) -> None:
    steps = (
        (0, file("a")),
        (1 * SECOND, 500),
        (LIFE, 500),
        (LIFE, "{"),
        (LIFE, file("b")),
    )
    assert seen(*steps) == [[["a"], 1], [["a"], 1], [["a"], 2], [["a"], 3], [["b"], 4]]


def test_without_a_reading_the_file_that_is_built_in_counts(seen: Seen) -> None:
    assert seen((0, 500), (LIFE, file("a"))) == [[["built"], 1], [["a"], 2]]
    assert seen((0, 500), built_in='{"version": 2}') == [[None, 1]]


def test_what_was_read_last_goes_on_for_as_long_as_is_set(seen: Seen) -> None:
    steps = ((0, file("a")), (DAY, 500), (SECOND + LIFE, 500))
    assert [jobs for jobs, _ in seen(*steps)] == [["a"], ["a"], ["built"]]
    short = ((0, file("a")), (60 * SECOND, 500), (LIFE + SECOND, 500))
    told = seen(*short, CRONSHIFT_OWNERSHIP_MAX_AGE="1m")
    assert [jobs for jobs, _ in told] == [["a"], ["a"], ["built"]]


@pytest.mark.parametrize("answer", ["never", "drips"])
def test_an_address_that_takes_too_long_is_given_up(seen: Seen, answer: str) -> None:
    assert seen((0, file("a")), (LIFE, answer)) == [[["a"], 1], [["a"], 2]]


@pytest.mark.parametrize("answer", ["large", "\ufeff" + file("b"), ""])
def test_an_answer_that_is_too_large_or_not_the_file_alone_is_none(seen: Seen, answer: str) -> None:
    assert seen((0, file("a")), (LIFE, answer)) == [[["a"], 1], [["a"], 2]]


@pytest.mark.parametrize(
    ("url", "app", "expected"),
    [
        ("https://shop.vercel.app/f", "shop.vercel.app", [["https://shop.vercel.app/f", "s3cret"]]),
        ("https://flags.test/f", "shop.vercel.app", [["https://flags.test/f", None]]),
        (
            "https://shop.vercel.app/moved",
            "shop.vercel.app",
            [["https://shop.vercel.app/moved", "s3cret"], ["https://s3.test/f", None]],
        ),
    ],
)
def test_the_protections_secret_goes_to_the_app_and_to_nobody_else(
    seen: Seen, url: str, app: str, expected: list[list[str | None]]
) -> None:
    sent = seen(
        script="protected.ts",
        CRONSHIFT_OWNERSHIP_URL=url,
        VERCEL_AUTOMATION_BYPASS_SECRET="s3cret\n",
        VERCEL_PROJECT_PRODUCTION_URL=app,
        CRONSHIFT_BASE_URL="https://app.test",
    )
    assert sent == [*expected, ["https://app.test/api/cron/x", "s3cret"]]

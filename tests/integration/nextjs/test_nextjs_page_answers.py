"""Handlers of the pages router answer as a function what they answer over HTTP, by Next.js' own code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import library

pytestmark = pytest.mark.node
SCRIPT = Path(__file__).with_name("answered.ts")


@pytest.fixture(scope="module")
def answers(node_packages: Path) -> dict[str, Any]:
    """Give the answers of each handler: called, through the guard's page, and as Next.js has it."""
    loader = (node_packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    with library(node_packages) as root:
        (root / SCRIPT.name).write_text(SCRIPT.read_text())
        done = subprocess.run(
            ["node", "--import", loader, SCRIPT.name],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_statuses_headers_and_bodies_are_those_of_next(answers: dict[str, Any]) -> None:
    """Streams, what is written behind an end, and what looks like a head in a body among them."""
    plain = {name: each for name, each in answers.items() if not name.startswith("thrown")}
    assert len(plain) > 25
    assert {name: each["called"] for name, each in plain.items()} == {
        name: each["next"] for name, each in plain.items()
    }


def test_a_page_of_the_guard_answers_the_same(answers: dict[str, Any]) -> None:
    """But for a second cookie, which Vercel's cron keeps as little as the first."""
    cookies = answers["cookies"]["guarded"]
    assert cookies == [200, [["set-cookie", "b=2"]], ""]
    assert {name: each["guarded"] for name, each in answers.items() if name != "cookies"} == {
        name: each["next"] for name, each in answers.items() if name != "cookies"
    }


@pytest.mark.parametrize("name", ["thrown at once", "thrown later"])
def test_what_a_handler_throws_is_its_calls_error(answers: dict[str, Any], name: str) -> None:
    assert answers[name]["called"] == "torn"
    assert answers[name]["next"][0] == 500

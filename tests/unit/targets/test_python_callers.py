"""Places that name the path of a Python route: those that may call it, and those that only tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct.other_callers import in_words, told_of_event
from cronshift.targets.python.callers import PathUses, uses_of

if TYPE_CHECKING:
    from pathlib import Path

DESCRIBED = '{"openapi": "3.1.0", "paths": {"/api/cron/x": {}}}'


@pytest.mark.parametrize(
    ("file", "text", "calls", "mentions"),
    [
        ("a.py", 'requests.post(f"{BASE}/api/cron/x")', 1, 0),
        ("a.py", 'ENDPOINTS = {"x": "/api/cron/x"}', 1, 0),
        ("a.py", 'def url():\n    return "/api/cron/x"', 1, 0),
        ("a.py", 'def root():\n    return {"jobs": {"x": ["/api/cron/x - daily"]}}', 0, 1),
        ("a.py", 'def root():\n    return jsonify(job="/api/cron/x")', 0, 1),
        ("a.py", 'def root():\n    return {"x": get("/api/cron/x")}', 1, 0),
        ("a.py", 'if path in ("/login", "/api/cron/x"):\n    skip()', 0, 0),
        ("a.py", 'if path.startswith("/api/cron/x"):\n    skip()', 0, 0),
        ("a.py", 'if client.get("/api/cron/x") == 1:\n    skip()', 1, 0),
        ("a.py", 'routes = [Route("/api/cron/x", x)]', 0, 0),
        ("a.py", 'app.add_url_rule("/api/cron/x", view_func=x)', 0, 0),
        ("openapi.json", DESCRIBED, 0, 1),
        ("jobs.json", '{"url": "/api/cron/x"}', 1, 0),
    ],
)
def test_a_path_is_called_or_told_of(
    tmp_path: Path, file: str, text: str, calls: int, mentions: int
) -> None:
    (tmp_path / file).write_text(text)
    uses = uses_of(SourceTree(tmp_path), "inngest_app", "/api/cron/x")
    assert (len(uses.calls), len(uses.mentions)) == (calls, mentions)


def test_callers_are_told_where_they_stand() -> None:
    assert PathUses((), ("a.py:1",)).callers is None
    assert (
        PathUses(("a.py:1", "b.sh:2"), ()).callers == "it is called by a.py:1 and called by b.sh:2"
    )


def test_tests_alone_are_told_as_that() -> None:
    assert PathUses(("test_a.py:1",), ()).callers == "it is called by test_a.py:1, by tests alone"
    assert PathUses(("tests/a.py:1", "b.sh:2"), ()).callers == (
        "it is called by tests/a.py:1 and called by b.sh:2"
    )


def test_tests_are_not_told_to_do_the_work() -> None:
    told = {
        uses: told_of_event("/x", "app/x", in_words([uses]) or "", is_sent=False)
        for uses in ("called by test_a.py:1", "called by b.sh:2")
    }
    assert told == {
        "called by test_a.py:1": (
            "/x answers nobody any more, and it is called by test_a.py:1, by tests alone: what they ask of it goes"
            " too, or is asked of app/x (inngest.send)."
        ),
        "called by b.sh:2": (
            "/x answers nobody any more, and it is called by b.sh:2: send app/x there instead (inngest.send)."
        ),
    }

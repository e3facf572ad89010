"""Next's own compiler reads an edited matcher as the edit was proved."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.unit.handlers.test_middleware import NARROWED

NODE = Path(__file__).parents[2] / "node"


@pytest.mark.node
def test_next_itself_reads_the_edit_as_it_is_proved(node_packages: Path) -> None:
    paths = [
        *("/", "/a", "/a/b", "/api", "/api/", "/api/a", "/api/a/b", "/apix", "/trpc/a", "/inngest"),
        *("/logo.png", "/_next/static/a.js", "/_next/data/x/a.json", "/a/inngest", "/api/cron/x"),
        *(
            "/api/inngest",
            "/api/inngest/",
            "/api/inngest/a",
            "/api/inngest-admin",
            "/api/inngest.json",
        ),
    ]
    pairs: list[Any] = [
        [text.replace("\\\\", "\\") for text in (source, one)]
        for source, (one, _) in NARROWED.items()
    ]
    done = subprocess.run(
        ["node", NODE / "middleware-matchers.cjs"],
        cwd=node_packages,
        input=json.dumps([pairs, paths]),
        capture_output=True,
        text=True,
        check=True,
    )
    for (source, _), (before, after) in zip(pairs, json.loads(done.stdout), strict=True):
        expected = [
            taken and not re.match(r"/api/inngest($|/)", path)
            for path, taken in zip(paths, before, strict=True)
        ]
        assert (source, after) == (source, expected)
        assert before[paths.index("/api/inngest")]

"""The guard of an app of Node's shape that nothing watches: it asks the app itself, in process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from .apps import (
    EXPRESS,
    KOA,
    NESTJS,
    SECRET,
    Kit,
    handed_over,
    installed_copy,
    migrated,
    ran,
    started,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

CALL = {"user-agent": "vercel-cron/1.0", "authorization": f"Bearer {SECRET}"}
GUARD = "/api/cronshift/api"


@pytest.fixture(scope="module", params=[EXPRESS, KOA, NESTJS], ids=lambda kit: kit.name)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    kit: Kit = request.param
    with installed_copy(kit) as root:
        migrated(root)
        handed_over(root, ["nightly"])
        for script in (*kit.checking, kit.building):
            done = ran(kit, root, script)
            assert done.returncode == 0, done.stdout + done.stderr
        with started(kit, root) as url:
            yield url


def test_what_is_vercels_reaches_the_route_as_vercel_called_it(url: str) -> None:
    answer = httpx.get(f"{url}{GUARD}/cron/echo?x=%2F&x=a+b", headers=CALL)
    assert answer.status_code == 200, answer.text
    assert answer.json()["search"] == "?x=%2F&x=a+b"
    away = httpx.get(f"{url}{GUARD}/cron/away", headers=CALL)
    assert (away.status_code, away.headers["location"]) == (303, "/login")
    assert httpx.get(f"{url}{GUARD}/cron/gone", headers=CALL).status_code == 404


def test_what_is_inngests_does_not_and_nobody_comes_without_the_secret(url: str) -> None:
    skipped = httpx.get(f"{url}{GUARD}/jobs/nightly", headers=CALL)
    assert (skipped.status_code, skipped.json()) == (200, {"skipped": "owner inngest"})
    stranger = {**CALL, "authorization": "Bearer no"}
    assert httpx.get(f"{url}{GUARD}/cron/echo", headers=stranger).status_code == 401


def test_the_endpoint_is_the_sdks_and_tells_which_file_is_held(url: str) -> None:
    registration = httpx.get(f"{url}/api/inngest").json()
    assert registration["function_count"] > 1
    asked = {**CALL, "x-cronshift-tell": "ownership"}
    for path in ("/api/inngest", f"{GUARD}/jobs/nightly"):
        assert httpx.options(url + path, headers=asked).json()["ownership"]["version"] == 1
    run = {"ctx": {"run_id": "1", "attempt": 0}, "event": {"name": "a", "data": {}}, "steps": {}}
    sent = httpx.post(f"{url}/api/inngest?fnId=none&stepId=step", content=json.dumps(run))
    assert "missing body" not in sent.text.lower()

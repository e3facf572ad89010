"""The app of each framework on a real Inngest server: registered, invoked, ticked by its cron."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import httpx
from tests.integration.inngest_runs import AT_HAND, SERVER, ended_runs, output_of, status_of

if TYPE_CHECKING:
    from .conftest import Running

pytestmark = AT_HAND


def test_a_real_server_registers_the_app_and_runs_its_jobs(running: Running) -> None:
    registered = httpx.put(
        f"{running.url}/api/inngest", json={}, timeout=60
    )  # without a kind of content Astro takes it for a form of another site's
    assert registered.is_success, registered.text
    app = json.loads((running.root / "package.json").read_text())["name"]
    functions = httpx.get(f"{SERVER}/v1/apps/{app}/functions").json()
    crons = json.loads((running.root / "vercel.json").read_text())["crons"]
    triggers = [trigger for each in functions for trigger in each["config"]["triggers"]]
    told = Counter(trigger["cron"] for trigger in triggers if "cron" in trigger)
    planned = Counter(f"TZ=UTC {cron['schedule'].replace('* * 7', '* * 0')}" for cron in crons)
    assert told - planned <= Counter(["TZ=UTC */10 * * * *"])  # a session flow's recovery
    assert not planned - told

    httpx.post(f"{SERVER}/invoke/{app}-echo", json={"data": {}}).raise_for_status()
    (invoked, *_) = ended_runs(app, "echo")
    assert status_of(invoked) == "COMPLETED", output_of(invoked)
    assert output_of(invoked)["body"]["all"] == ["/", "a b"]

    (ticked, *_) = ended_runs(app, "always")
    assert status_of(ticked) == "COMPLETED"
    assert ticked["trigger"]["cronSchedule"] == "TZ=UTC * * * * *"
    assert output_of(ticked)["body"] == {"job": "always"}

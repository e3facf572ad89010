"""``status`` with a ledger, without, and again and again."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest
from tests.integration.commands.test_schemas import check
from tests.unit.observing.test_health import a_record

from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.store.ledger import TickLedger

if TYPE_CHECKING:
    from tests.integration.commands.conftest import Cronshift

JOB = "session-recovery"  # every ten minutes
TENS = timedelta(minutes=10)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"CRONSHIFT_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.db'}"}


def keep(url: str, *, failed: bool, since: int = 4) -> None:
    """Write the last hours of the job; of those one failed, ``since`` ticks ago, if that is asked for."""
    now = datetime.now(UTC) - timedelta(minutes=2)  # so late a tick is due
    newest = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
    records = [a_record(newest - TENS * number, 4, JOB) for number in range(-1, 30)]
    numbers = [since] if since else [0, 1]  # the first is of the tick that is due next
    for number in numbers if failed else ():
        records[number] = replace(records[number], status=TickStatus.FAILED)
    ledger = TickLedger.open(url)
    ledger.write(records)
    ledger.close()


def test_the_last_ticks_are_a_strip_and_all_well_exits_0(
    cronshift: Cronshift, env: dict[str, str]
) -> None:
    keep(env["CRONSHIFT_LEDGER_URL"], failed=False)
    said = cronshift("status", env=env)
    assert said.code == 0
    line = next(line for line in said.out.splitlines() if JOB in line and "✓" in line)
    assert "✓" * 20 in line
    assert "100 % of 3" in line
    assert line.count("4.0 s") == 2


def test_next_leads_to_what_the_ledger_tells(cronshift: Cronshift, env: dict[str, str]) -> None:
    keep(env["CRONSHIFT_LEDGER_URL"], failed=False)
    well = cronshift("next", "--json", env=env).document["steps"]
    keep(env["CRONSHIFT_LEDGER_URL"], failed=True)
    steps = cronshift("next", "--json", env=env).document["steps"]
    assert [step["command"] for step in steps if JOB in step["command"]] != []
    assert steps != well
    assert steps[0]["command"] in {
        f"cronshift runs list {JOB} --status failed",
        f"cronshift ticks list {JOB}",
    }


def test_a_failed_tick_among_them_exits_1_and_stands_in_the_document(
    cronshift: Cronshift, env: dict[str, str]
) -> None:
    keep(env["CRONSHIFT_LEDGER_URL"], failed=True)
    said = cronshift("status", "--json", env=env)
    assert said.code == 1
    check(said.document, "status")
    health = {job["id"]: job["health"] for job in said.document["jobs"]}
    assert health[JOB]["answer"] == "known-bad"
    assert 0.96 < health[JOB]["success_rate"] < 0.97
    assert health[JOB]["seconds"]["p95"] == 4
    assert health["update-ai-models"]["answer"] == "not-known"
    assert health["update-ai-models"]["missed"] is None


def test_who_is_called_at_night_is_led_to_the_runs_and_to_what_stops_them(
    cronshift: Cronshift, env: dict[str, str]
) -> None:
    keep(env["CRONSHIFT_LEDGER_URL"], failed=True, since=0)
    said = cronshift("status", env=env)
    assert f"{JOB} is not well. Next: cronshift runs list {JOB} --status failed, then" in said.err
    assert f"cronshift pause {JOB}" in said.err
    assert "rollback" not in said.err  # Vercel has every tick of it
    assert "cutover" not in said.err
    runs = cronshift("runs", "list", JOB, "--status", "failed", env=env)
    assert (runs.code, "failed" in runs.out) == (1, True)


def test_what_went_wrong_and_is_over_is_led_to_its_runs_alone(
    cronshift: Cronshift, env: dict[str, str]
) -> None:
    keep(env["CRONSHIFT_LEDGER_URL"], failed=True)
    said = cronshift("status", env=env)
    look = f"cronshift runs list {JOB} --status failed"
    assert f"{JOB} went wrong, and has gone well since. Next: {look}" in said.err
    assert "pause" not in said.err


def test_without_a_ledger_it_says_that_it_is_not_known(cronshift: Cronshift) -> None:
    said = cronshift("status", env={"CRONSHIFT_LEDGER_URL": ""})
    assert said.code == 0
    assert "How the last ticks went is not known: CRONSHIFT_LEDGER_URL is not set here." in said.err
    document = cronshift("status", "--json", env={"CRONSHIFT_LEDGER_URL": ""}).document
    assert {job["health"] for job in document["jobs"]} == {None}


def _listen_to_ctrl_c() -> None:
    """Undo what a shell's background jobs inherit: that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_watch_redraws_until_ctrl_c(
    project: Path, environment: dict[str, str], env: dict[str, str]
) -> None:
    keep(env["CRONSHIFT_LEDGER_URL"], failed=False)
    program = pexpect.spawn(
        str(Path(sys.executable).with_name("cronshift")),
        ["status", "--watch"],
        cwd=str(project),
        env={**environment, **env, "TERM": "xterm-256color"},
        encoding="utf-8",
        timeout=60,
        dimensions=(60, 120),
        preexec_fn=_listen_to_ctrl_c,
    )
    program.expect(r"\d\d:\d\d:\d\d UTC")
    drawn = str(program.after)
    keep(env["CRONSHIFT_LEDGER_URL"], failed=True)
    program.expect("✗")
    program.expect(r"\d\d:\d\d:\d\d UTC")
    assert str(program.after) > drawn
    program.kill(signal.SIGINT)
    program.expect(pexpect.EOF)
    program.close()
    assert program.exitstatus == 130


def test_watch_needs_a_terminal(cronshift: Cronshift) -> None:
    said = cronshift("status", "--watch")
    assert said.code == 2
    assert "--watch redraws a terminal" in said.err

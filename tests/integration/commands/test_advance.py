"""A rollout by evidence through the command line: planned, judged, one step on, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from cronshift.cli import run
from cronshift.project.ownership_file import read_ownership
from cronshift.project.rollouts_file import ROLLOUTS_NAME, read_rollouts
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import percent_at
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.store.ledger import TickLedger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEGIN = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
JOB = "session-recovery"  # every ten minutes


class Console:
    """Runs commands at chosen instants, in a project whose sides keep a ledger."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
        self.root = root
        self.now = BEGIN
        self.output = ""
        self._capsys = capsys
        self._ledger = TickLedger.open(url)

    def __call__(self, *words: str) -> int:
        self._capsys.readouterr()
        with time_machine.travel(self.now, tick=False):
            code = run(["-C", str(self.root), *words])
        captured = self._capsys.readouterr()
        self.output = captured.out + captured.err
        return code

    def document(self, *words: str) -> Any:
        self._capsys.readouterr()
        with time_machine.travel(self.now, tick=False):
            run(["-C", str(self.root), *words, "--json"])
        return json.loads(self._capsys.readouterr().out)

    def wait(self, days: float, *, fails: bool = False) -> None:
        """Let time go by in which both sides wake at every tick, and the owner runs it."""
        ownership, until = read_ownership(self.root), self.now + days * DAY
        records = []
        schedule = Schedule.parse("TZ=UTC */10 * * * *")
        for tick in takewhile(lambda tick: tick <= until, schedule.after(self.now)):
            owner = ownership.owner(JOB, tick)
            for side in Side:
                acts = owner.value == side.value
                ended = (
                    TickStatus.FAILED if fails and side is Side.INNGEST else TickStatus.COMPLETED
                )
                records.append(
                    TickRecord(
                        job=JOB,
                        tick=tick,
                        side=side,
                        owner=owner,
                        role=Role.ACTED if acts else Role.STOOD_BY,
                        arrived=tick + timedelta(seconds=2),
                        status=ended if acts else TickStatus.SKIPPED,
                        attempts=4 if acts else 0,
                    )
                )
        self._ledger.write(records)
        self.now = until

    @property
    def percent(self) -> int:
        """The share of the job's ticks that is Inngest's in the end."""
        epochs = read_ownership(self.root).jobs.get(JOB, ())
        return epochs[-1].percent if epochs else 0


@pytest.fixture
def console(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Console:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", url)
    for name in ("INNGEST_DEV", "INNGEST_SIGNING_KEY", "VERCEL_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("CRONSHIFT_ASSUME", raising=False)
    console = Console(project, capsys, url)
    assert console("migrate", "--fix", "--yes") == 0
    return console


def plan(console: Console, *more: str) -> int:
    words = ("cutover", JOB, "--stages", "10,50,100", "--assume", "variables", "--yes")
    return console(*words, *more)


def test_a_rollout_goes_all_the_way_by_itself_and_never_faster_than_its_evidence(
    console: Console,
) -> None:
    assert plan(console, "--auto") == 0
    assert console.percent == 0
    assert (console("advance"), console.percent) == (0, 0)
    assert "inconclusive" in console.output
    for percent in (10, 50, 100):
        console.wait(4)
        assert console("advance") == 0
        assert console.percent == percent
        assert (console("advance"), console.percent) == (0, percent)  # it waits for its epoch
        console.wait(0.25)
        assert (console("advance"), console.percent) == (0, percent)
        assert "more good ticks" in console.output
    console.wait(4)
    assert (console("advance"), console.percent) == (0, 100)
    history = console.document("history")["operations"]
    assert [operation["command"].split(" --")[0] for operation in history][2:] == [
        f"advance: cutover {JOB}"
    ] * 3


def test_a_rollout_that_fails_goes_back_by_itself_and_is_over(console: Console) -> None:
    plan(console, "--auto-to", "10")
    console.wait(4)
    console("advance")
    console.wait(2, fails=True)
    before = owners(console)
    assert console("advance") == 1
    assert "failures: " in console.output
    assert owners(console) == before  # a run that has begun is tried again where it began
    assert percent_at(read_ownership(console.root).jobs[JOB], console.now + DAY) == 0
    assert not (console.root / ROLLOUTS_NAME).exists()
    console.wait(4)
    assert (console("advance"), console.percent) == (0, 0)
    assert "No rollout is planned" in console.output


def owners(console: Console) -> list[str]:
    """Return who owns each tick of the last day."""
    ownership = read_ownership(console.root)
    ticks = Schedule.parse("TZ=UTC */10 * * * *").after(console.now - DAY)
    return [
        ownership.owner(JOB, tick) for tick in takewhile(lambda tick: tick <= console.now, ticks)
    ]


def test_a_step_back_takes_effect_at_the_next_tick_where_no_deploy_is_waited_for(
    console: Console,
) -> None:
    plan(console, "--auto")
    console.wait(4)
    console("advance", "--deploy-minutes", "0")
    console.wait(3, fails=True)
    assert console("advance", "--deploy-minutes", "0") == 1
    start = read_ownership(console.root).jobs[JOB][-1].effective_at
    assert timedelta() < start - console.now <= timedelta(minutes=2)


def test_further_than_the_user_set_it_waits_for_a_word(console: Console) -> None:
    plan(console, "--auto-to", "10")
    console.wait(4)
    console("advance")
    console.wait(4)
    assert (console("advance"), console.percent) == (0, 10)
    assert f"waits for you: cronshift advance {JOB} --yes" in console.output
    assert console.document("advance")["waiting"] == [{"jobs": [JOB], "percent": 50}]
    assert (console("advance", "--yes"), console.percent) == (0, 50)


def test_a_rollout_that_is_not_automatic_waits_for_a_word_to_go_back_too(
    console: Console,
) -> None:
    plan(console)
    console.wait(4)
    assert console("advance", "--yes") == 0
    console.wait(2, fails=True)
    assert (console("advance"), console.percent) == (1, 10)
    assert (console("advance", "--yes"), console.percent) == (1, 0)


def test_a_dry_run_shows_the_step_and_changes_nothing(console: Console) -> None:
    plan(console, "--auto")
    console.wait(4)
    before = sorted(console.root.rglob("*.json"))
    assert console("advance", "--dry-run") == 0
    assert '"percent": 10' in console.output
    assert sorted(console.root.rglob("*.json")) == before
    assert console.percent == 0


def test_what_was_assumed_with_the_plan_holds_for_its_steps_and_nothing_else(
    console: Console,
) -> None:
    assert console("cutover", JOB, "--stages", "10,100", "--yes") == 3  # variables are not known
    assert read_rollouts(console.root).jobs == {}
    plan(console, "--auto", "--because", "they are set")
    rollout = read_rollouts(console.root).jobs[JOB]
    assert (rollout.assume, rollout.because, rollout.auto) == (("R302",), "they are set", 100)
    file = console.root / ROLLOUTS_NAME
    file.write_text(file.read_text().replace('"R302"', ""))
    console.wait(4)
    assert (console("advance"), console.percent) == (3, 0)


@pytest.mark.parametrize("words", [("rollback", JOB), ("cutover", JOB, "--percent", "0")])
def test_a_way_back_by_hand_ends_the_rollout(console: Console, words: tuple[str, ...]) -> None:
    plan(console, "--auto")
    console.wait(4)
    console("advance")
    console.wait(1)
    assert console(*words, "--yes") == 0
    assert read_rollouts(console.root).jobs == {}


def test_a_rollback_before_the_first_step_ends_the_rollout_too(console: Console) -> None:
    plan(console, "--auto")
    assert console("rollback", JOB, "--yes") == 0
    console.wait(4)
    assert (console("advance"), console.percent) == (0, 0)


def test_a_paused_job_neither_goes_on_nor_back(console: Console) -> None:
    plan(console, "--auto")
    console.wait(4)
    console("advance")
    console.wait(2, fails=True)
    assert console("pause", JOB, "--assume", "variables", "--yes") == 0
    epochs = read_ownership(console.root).jobs[JOB]
    assert console("advance") == 0
    assert read_ownership(console.root).jobs[JOB] == epochs


def test_compare_tells_both_sides_and_ends_with_what_it_found(console: Console) -> None:
    assert console("compare", JOB) == 1
    console.wait(4)
    assert console("compare", JOB) == 0
    assert f"{JOB}: promote to 10 %" in console.output
    (verdict,) = console.document("compare", JOB)["jobs"]
    assert (verdict["verdict"], verdict["next_percent"]) == ("promote", 10)
    assert {metric["metric"] for metric in verdict["metrics"]} == {"misses", "lateness"}
    assert console("compare") == 1  # the others have left no records
    assert console.output.count("misses") == 1  # the transport of all jobs
    assert console("compare", "no-such-job") == 2


@pytest.mark.parametrize("url", ["", "https://app.example.com/ledger"])
def test_without_a_ledger_that_can_be_read_nothing_is_judged(
    console: Console, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    plan(console, "--auto")
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", url)
    for words in (("compare",), ("advance",)):
        assert console(*words) == 2
        assert "no records of ticks to judge by" in console.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--stages", "50,10"), "percentages from 1 to 100 that grow"),
        (("--stages", "10,x"), "percentages from 1 to 100 that grow"),
        (("--stages", "0,10"), "percentages from 1 to 100 that grow"),
        (("--stages", "10,101"), "percentages from 1 to 100 that grow"),
        (("--auto",), "--auto is about the stages"),
    ],
)
def test_stages_that_are_none_are_refused(
    console: Console, words: tuple[str, ...], sentence: str
) -> None:
    assert console("cutover", JOB, *words) == 2
    assert sentence in console.output


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda text: text[:-9], "truncated"),
        (lambda text: text.replace("50,", "5,"), "do not grow"),
        (lambda text: text.replace("100\n", "1000\n"), "<= 100"),
        (lambda text: text.replace('"stages"', '"steps"'), "steps"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "<= 1"),
    ],
)
def test_a_broken_file_of_rollouts_is_told(
    console: Console, change: Callable[[str], str], cause: str
) -> None:
    plan(console, "--auto")
    file = console.root / ROLLOUTS_NAME
    file.write_text(change(file.read_text()))
    assert console("advance") == 2
    assert "cannot be read" in console.output
    assert cause in console.output


def test_an_operation_that_somebody_else_left_unfinished_stops_it(console: Console) -> None:
    plan(console, "--auto")
    operations = console.root / ".cronshift/operations"
    newest = max(operations.glob("*.json"))
    newest.write_text(newest.read_text().replace('"state": "applied"', '"state": "applying"'))
    assert console("advance") == 3

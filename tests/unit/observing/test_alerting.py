"""Which alerts there are, from when on, and how often each is told."""

from __future__ import annotations

from dataclasses import replace as replaced
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from tests.integration.store.test_dead_letters import LETTER
from tests.unit.observing.test_health import ticks

from cronshift.observing.alerting import Alert, AlertChange, alerts_of, changed, message
from cronshift.observing.fates import Fate
from cronshift.observing.health import Health, JobHealth
from cronshift.observing.judging import Spread
from cronshift.observing.spending import Spending
from cronshift.plan.forecast import allowances
from cronshift.project.alert_settings import AlertSettings, read_alerts

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SPENDING = Spending(NOW, 30, 10.0, forecast=1_000, executions=300)
WELL = JobHealth("job", tuple(ticks(*[Fate.ON_TIME] * 10)), well=10, ended=10, missed=0)
FREE = allowances()[0]


def keys(
    job: JobHealth = WELL,
    *,
    dead: int = 0,
    spending: Spending = SPENDING,
    settings: AlertSettings | None = None,
) -> list[str]:
    health = Health({job.job: job})
    letters = [replaced(LETTER, run_id=str(number)) for number in range(dead)]
    found = alerts_of(health, letters, spending, FREE, settings or AlertSettings())
    return [alert.key for alert in found]


def queued(seconds: float) -> JobHealth:
    wait = timedelta(seconds=seconds)
    return replace(WELL, queued=Spread(wait, wait, wait))


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (WELL, []),
        (replace(WELL, well=9), []),  # a tenth is the threshold
        (replace(WELL, well=8), ["failures job"]),
        (replace(WELL, well=0, ended=4), []),  # too few to tell
        (replace(WELL, well=0, ended=0), []),
        (replace(WELL, ticks=tuple(ticks(Fate.MISSED, Fate.ON_TIME))), ["missed job"]),
        (replace(WELL, ticks=tuple(ticks(Fate.NOT_KNOWN, Fate.SKIPPED))), []),
        (queued(10), []),
        (queued(10.1), ["queue job"]),
    ],
)
def test_an_alert_begins_behind_its_threshold(job: JobHealth, expected: list[str]) -> None:
    assert keys(job) == expected


def test_dead_letters_that_wait_are_told_and_replayed_ones_are_not() -> None:
    assert keys(dead=2) == ["dead-letters"]
    assert keys(dead=2, settings=AlertSettings(dead_letters=2)) == []
    done = replaced(LETTER, replayed=NOW)
    assert list(alerts_of(Health({}), [done], SPENDING, FREE, AlertSettings())) == []


def test_more_executions_than_the_plan_has_are_told_where_the_plan_is_known() -> None:
    much = replace(SPENDING, executions=20_000)
    assert keys(spending=much) == ["executions"]
    assert keys(spending=replace(SPENDING, executions=None)) == []
    assert list(alerts_of(Health({}), [], much, None, AlertSettings())) == []


def test_an_alert_is_told_when_it_begins_again_later_and_when_it_is_over() -> None:
    alert, again = Alert("missed job", "one was missed."), timedelta(hours=4)
    first = changed([alert], {}, NOW, again)
    assert first == AlertChange((alert,), ())
    told = {"missed job": NOW}
    assert changed([alert], told, NOW + timedelta(hours=3), again) == AlertChange((), ())
    assert changed([alert], told, NOW + again, again).new == (alert,)
    over = changed([], told, NOW + timedelta(minutes=1), again)
    assert over == AlertChange((), ("missed job",))
    assert message("shop", first) == "cronshift · shop\n• one was missed."
    assert message("shop", over) == "cronshift · shop\n• over: missed job"


def test_the_settings_are_read_with_their_durations() -> None:
    assert read_alerts({"queue": "30s", "again": "1d", "missed": 2}) == AlertSettings(
        queue=timedelta(seconds=30), again=timedelta(days=1), missed=2
    )

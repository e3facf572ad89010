"""A simulated month through the real guard code: what each kind of trouble costs."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def simulation() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    yield import_module("simulation")
    sys.path.remove(str(BENCHMARKS))


def outcome(simulation: ModuleType, name: str) -> Any:
    (scenario,) = [one for one in simulation.SCENARIOS if one.name == name]
    return simulation.simulate(scenario)


@pytest.mark.parametrize(
    "name",
    [
        "calls late, clocks a minute off",
        "Inngest down for 6 hours, then all at once",
        "1 % delivered twice, claims on",
    ],
)
def test_where_both_sides_hold_the_file_in_time_every_tick_runs_once(
    simulation: ModuleType, name: str
) -> None:
    told = outcome(simulation, name)
    assert told.ticks > 4_900
    assert (told.missed, told.doubled, told.between, told.lost) == (0, 0, 0, 0)
    assert set(told.runs.values()) == {1}


def test_without_claims_only_what_was_delivered_twice_runs_twice(simulation: ModuleType) -> None:
    told = outcome(simulation, "1 % delivered twice")
    assert told.missed == 0
    assert 0 < told.doubled < 0.02 * told.ticks


def test_what_vercel_loses_is_lost_and_nothing_else(simulation: ModuleType) -> None:
    told = outcome(simulation, "2 % of Vercel's calls lost")
    assert (told.missed, told.doubled) == (0, 0)
    assert 0 < told.lost < 0.02 * told.ticks


def test_a_late_deploy_costs_only_the_ticks_in_between_and_all_are_told(
    simulation: ModuleType,
) -> None:
    told = outcome(simulation, "app deployed 10 hours late")
    assert (told.missed, told.doubled) == (0, 0)
    assert 0 < told.between == told.reported < 0.05 * told.ticks


def test_with_claims_a_late_deploy_doubles_nothing(simulation: ModuleType) -> None:
    told = outcome(simulation, "app deployed 10 hours late, claims on")
    assert max(told.runs.values()) == 1
    assert (told.missed, told.doubled) == (0, 0)

"""The guard in TypeScript says what the one in Python says, by one file of vectors."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronshift.runtime.ownership import Epoch, Ownership, digest, dump_ownership, tick_text
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.ticks import called_tick, lateness
from cronshift.targets.typescript.dispatching import due, early, evenly

from .conftest import LONG_AGO, library

if TYPE_CHECKING:
    from collections.abc import Iterator

VECTORS = json.loads((Path(__file__).parents[2] / "data/called-ticks.json").read_text())
ENGINE = Path(__file__).parents[2] / "data/inngest-cron.jsonl"
ASKED = """import { readFileSync } from "node:fs";
import { digestOf } from "./cronshift/digest";
import { every, answerTo } from "./cronshift/guard";
import { builtIn, tickText } from "./cronshift/ownership";
import { parse } from "./cronshift/reading";
import { around, scheduled } from "./cronshift/ticks";
import { meant } from "./cronshift/twins";

const given = JSON.parse(readFileSync(0, "utf8"));
const text = (tick: Date | null) => tick && tickText(tick);
const timed = ({ due, late, even }) => (even ? every(...even) : scheduled(late, due));
const decide = async (one) => {
  const headers = new Headers(one.headers);
  const ownership = builtIn(parse(one.held));
  const jobs = one.jobs.map((job) => ({
    ...job,
    ownership,
    tick: () => timed(job)(new Date(one.now)),
  }));
  const job = meant(jobs, `/api/cronshift/api/x${one.search}`, headers);
  const refusal = await answerTo({ headers, method: "GET" } as Request, job);
  return refusal ? { status: refusal.status, ...(await refusal.json()) } : job.path;
};
void (async () => {
  console.log(
    JSON.stringify({
      called: (given.called ?? []).map((one) => text(timed(one)(new Date(one.now)))),
      around: (given.around ?? []).map((one) => around(one.due, new Date(one.now)).map(text)),
      digests: await Promise.all((given.files ?? []).map((one) => digestOf(parse(one)))),
      decided: await Promise.all(
        (given.decided ?? []).map((one) =>
          decide(one),
        ),
      ),
    }),
  );
})();
"""


@pytest.fixture(scope="module")
def app(node_packages: Path) -> Iterator[Path]:
    with library(node_packages) as root:
        (root / "asked.ts").write_text(ASKED)
        yield root


def ask(app: Path, **given: Any) -> Any:
    loader = (app.parents[1] / "node_modules/tsx/dist/loader.mjs").as_uri()
    done = subprocess.run(
        ["node", "--import", loader, "asked.ts"],
        cwd=app,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_vectors_are_what_python_says() -> None:
    for one in VECTORS:
        schedule = Schedule.from_vercel(one["schedule"])
        tick = called_tick(schedule, datetime.fromisoformat(one["now"]))
        assert (tick_text(tick) if tick else None) == one["tick"], one
        assert due(schedule) == one["due"]
        assert lateness(schedule) // timedelta(milliseconds=1) == one["late"]


def test_a_call_is_for_the_same_tick_in_both_languages(app: Path) -> None:
    assert ask(app, called=VECTORS)["called"] == [one["tick"] for one in VECTORS]


def test_evenly_spaced_ticks_are_those_of_the_schedule_in_full(app: Path) -> None:
    spaced = [(one, evenly(Schedule.from_vercel(one["schedule"]))) for one in VECTORS]
    even = [
        {**one, "even": [*evenly, early(evenly[0], one["late"])]}
        for one, evenly in spaced
        if evenly
    ]
    assert len({one["schedule"] for one in even}) > 5
    assert ask(app, called=even)["called"] == [one["tick"] for one in even]


@given(
    minute=st.sampled_from(["*", "0", "7", "*/5", "*/7", "0,30", "3-58/11"]),
    hour=st.sampled_from(["*", "4", "*/6", "0,12", "*/5", "1-23/2"]),
    weekday=st.sampled_from(["*", "0", "4", "7", "1-5", "0,3"]),
    now=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - made UTC's below
)
def test_a_spacing_is_told_only_where_every_tick_has_it(
    minute: str, hour: str, weekday: str, now: datetime
) -> None:
    schedule = Schedule.from_vercel(f"{minute} {hour} * * {weekday}")
    ticks = list(islice(schedule.after(now.replace(tzinfo=UTC)), 7300))  # more than five whole days
    apart = {later - sooner for sooner, later in pairwise(ticks)}
    even = evenly(schedule)
    assert (even is not None) == (len(apart) == 1)
    if even is not None:
        period, offset = even
        assert apart == {timedelta(milliseconds=period)}
        assert (ticks[0].timestamp() * 1000 - offset) % period == 0


def test_the_ticks_around_an_instant_are_the_engines(app: Path) -> None:
    """Every expression of the engine's own answers that is in UTC, also those that never fire."""
    cases, expected = [], []
    for line in ENGINE.read_text().splitlines():
        vector = json.loads(line)
        text = vector["expr"]
        if vector.get("error") or ("TZ=" in text and "TZ=UTC " not in text):
            continue
        schedule = Schedule.parse(text)
        instants = [one for one in vector["next"][:2] if one != "never"] or [vector["from"]]
        for tick in instants:
            for seconds in (-1, 0, 61):
                now = datetime.fromisoformat(tick) + timedelta(seconds=seconds)
                cases.append({"due": due(schedule), "now": now.isoformat()})
                expected.append([one and tick_text(one) for one in schedule.around(now)])
    assert len(cases) > 1000
    assert ask(app, around=cases)["around"] == expected


instants = st.integers(0, 365 * 86_400).map(lambda seconds: LONG_AGO + timedelta(seconds=seconds))
epochs = st.lists(st.tuples(instants, st.integers(0, 100)), max_size=3).map(
    lambda given: tuple(Epoch(at, percent, "01J") for at, percent in sorted(dict(given).items()))
)
units = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=5) | st.just("12"), epochs, max_size=4
)


@settings(max_examples=5, deadline=None)
@given(held=st.lists(st.builds(Ownership, units, units), min_size=40, max_size=60))
def test_both_languages_tell_a_file_by_the_same_digest(app: Path, held: list[Ownership]) -> None:
    files = [json.loads(dump_ownership(one)) for one in held]
    assert ask(app, files=files)["digests"] == [digest(one) for one in held]


CRON = {"user-agent": "vercel-cron/1.0", "x-vercel-cron-schedule": "0 */4 * * *"}


def guarded(job: str, path: str, schedule: str) -> dict[str, Any]:
    read = Schedule.from_vercel(schedule)
    late = lateness(read) // timedelta(milliseconds=1)
    return {"id": job, "path": path, "schedule": schedule, "due": due(read), "late": late}


def test_a_call_is_decided_by_its_query_and_schedule(app: Path) -> None:
    """Twins of one path are told apart; who is not Vercel's cron is sent away."""
    jobs = [
        guarded("a", "/api/x?m=%2F", "0 */4 * * *"),
        guarded("b", "/api/x?m=%2F", "30 */4 * * *"),
        guarded("c", "/api/x?m=two words", "0 */4 * * *"),
    ]
    epoch = [{"effective_at": "2026-01-01T00:00:00Z", "percent": 100, "operation": ""}]
    held = {"version": 1, "jobs": {"b": epoch, "c": epoch}}
    now = "2026-11-24T12:00:20Z"

    def case(search: str, **headers: str) -> dict[str, Any]:
        return {"jobs": jobs, "search": search, "headers": headers, "now": now, "held": held}

    decided = ask(
        app,
        decided=[
            case("?m=%2F", **CRON),
            case("?m=%2F", **{**CRON, "x-vercel-cron-schedule": "30  */4 * * * "}),
            case("?m=two%20words", **CRON),
            case("?m=/", **CRON),
            case("?m=two+words&", **CRON),
            case("?m=other", **CRON),
            case("?m=other", **{**CRON, "x-vercel-cron-schedule": "30 */4 * * *"}),
            case("?m=%2F", **{"user-agent": "curl"}),
        ],
    )["decided"]
    assert decided == [
        "/api/x?m=%2F",
        {"status": 200, "skipped": "owner inngest"},
        {"status": 200, "skipped": "owner inngest"},
        "/api/x?m=%2F",
        {"status": 200, "skipped": "owner inngest"},
        "/api/x?m=other",
        {"status": 200, "skipped": "owner inngest"},
        {"status": 401, "error": "not a call by Vercel cron"},
    ]

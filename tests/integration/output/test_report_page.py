"""The report's page, in a real browser: both widths, both themes, accessible, and nothing from elsewhere."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, structs

from cronshift.model import Severity
from cronshift.moving.report import Mark, MoveReport, make_report
from cronshift.observing.fates import Fate, TickFate, Watch
from cronshift.observing.gathering import SourceAnswer, SourceName, SpanEvidence
from cronshift.output.report_page import report_page
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.ownership import Epoch, Owner, Ownership

NOW = datetime(2026, 11, 27, 12, 34, 56, tzinfo=UTC)
MONTH = (NOW - timedelta(days=30), NOW)
EXAMPLE = Path(__file__).parents[3] / "examples"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    app = tmp_path / "app"
    app.mkdir()
    for name in ("vercel.json", "cronshift.toml", "requirements.txt"):
        shutil.copy(EXAMPLE / name, app / name)
    shutil.copytree(EXAMPLE / "api", app / "api")
    return app


def report(root: Path, fates: list[TickFate], records: tuple[TickRecord, ...] = ()) -> MoveReport:
    project = load_project(root)
    sources = (
        SourceAnswer(SourceName.LEDGER, len(records)),
        SourceAnswer(SourceName.VERCEL, problem="VERCEL_TOKEN is not set <here>."),
    )
    epochs = {"prediction-check": (Epoch(NOW - timedelta(days=10), 50, "01"),)}
    evidence = SpanEvidence(records, Watch(), sources)
    plan = make_plan(project)
    return make_report(project, plan, Ownership(epochs), evidence, fates, MONTH, NOW)


def ticks(
    job: str, count: int, owner: Owner = Owner.VERCEL, fate: Fate = Fate.ON_TIME
) -> list[TickFate]:
    every = (MONTH[1] - MONTH[0]) / (count + 1)
    late = timedelta(seconds=2) if fate is Fate.ON_TIME else None
    return [
        TickFate(job, MONTH[0] + every * number, owner, fate, late, reason="why <b>it</b>")
        for number in range(count)
    ]


def every_fate(root: Path) -> list[TickFate]:
    jobs = [job.id for job in make_plan(load_project(root)).jobs]
    return [
        *(tick for fate in Fate for tick in ticks(jobs[0], 5, Owner.INNGEST, fate)),
        *(tick for job in jobs[1:] for tick in ticks(job, 90)),
    ]


def test_the_sentence_counts_what_is_known_and_names_what_is_not(root: Path) -> None:
    known = ticks("prediction-check", 312)
    assert (
        report(root, known).sentence
        == "312 of 312 ticks had exactly one run since 28 October 2026."
    )
    rest = ticks("prediction-check", 2, fate=Fate.MISSED) + ticks(
        "prediction-check", 3, fate=Fate.NOT_KNOWN
    )
    assert report(root, known + rest).sentence == (
        "312 of 314 ticks had exactly one run since 28 October 2026; of 3 more it is not known."
    )
    unknown = ticks("prediction-check", 4, fate=Fate.NOT_KNOWN)
    assert report(root, unknown).sentence.startswith("Of none of the 4 ticks")


def test_an_aim_is_reached_missed_or_not_known_by_its_evidence(root: Path) -> None:
    def aims(fates: list[TickFate], *records: TickRecord) -> dict[str, tuple[Knowledge, str]]:
        return {aim.name: (aim.answer, aim.evidence) for aim in report(root, fates, records).aims}

    bare = aims([])
    assert bare["All jobs are Inngest's"] == (Knowledge.BAD, "0 of 6 at 100 %")
    assert bare["No Vercel cron is left"] == (Knowledge.BAD, "6 entries in vercel.json")
    assert bare["The cron directory is gone"][0] is Knowledge.GOOD
    for name in (
        "Every tick ran exactly once",
        "No run ended at a timeout",
        "Completion is the same or better",
    ):
        assert bare[name][0] is Knowledge.UNKNOWN
    before, after = ticks("prediction-check", 30), ticks("prediction-check", 30, Owner.INNGEST)
    run = TickRecord(
        job="prediction-check",
        tick=NOW,
        side=Side.INNGEST,
        owner="inngest",
        role=Role.ACTED,
        arrived=NOW,
        status=TickStatus.COMPLETED,
    )
    good = aims(before + after, run)
    assert good["Completion is the same or better"] == (
        Knowledge.GOOD,
        "100.00% at Vercel, 100.00% at Inngest",
    )
    assert good["No run ended at a timeout"][0] is Knowledge.GOOD
    worse = aims(
        before + after[:-3] + ticks("prediction-check", 3, Owner.INNGEST, Fate.FAILED), run
    )
    assert worse["Completion is the same or better"][0] is Knowledge.BAD
    assert worse["Every tick ran exactly once"] == (Knowledge.BAD, "57 of 60 that were watched")


def test_a_month_of_forty_busy_jobs_is_one_small_page_without_scripts(root: Path) -> None:
    crons = [
        {"path": f"/api/cron/job-{number}", "schedule": "*/10 * * * *"} for number in range(40)
    ]
    (root / "vercel.json").write_text(json.dumps({"crons": crons}))
    (root / "cronshift.toml").unlink()
    jobs = [job.id for job in make_plan(load_project(root)).jobs]
    fates = [tick for job in jobs for tick in ticks(job, 4320)]
    fates += [tick for job in jobs for tick in ticks(job, 40, Owner.INNGEST, Fate.MISSED)]
    page = report_page(report(root, sorted(fates, key=lambda fate: fate.tick)), NOW)
    assert len(page.encode()) < 300_000
    assert "1400 more are not listed" in page
    assert not re.search(r"<script|javascript:|\son\w+=|<b>|https?://(?!www\.w3)", page)


class Elements(HTMLParser):
    """The elements of a page with the names of their attributes: all but its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


HOSTILE = "\"'/></h3></svg></style><!-- <script>alert(1)</script><img src=x onerror=alert(1)> {{ 1111 * 2 }} &lt;"


def poisoned(value: Any) -> Any:
    """Return a value with a hostile text behind every text in it."""
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, Struct):
        texts = {name: poisoned(getattr(value, name)) for name in value.__struct_fields__}
        return structs.replace(value, **texts)
    if isinstance(value, tuple | list):
        return tuple(poisoned(each) for each in value)
    if isinstance(value, Mapping):
        return {poisoned(key): poisoned(each) for key, each in value.items()}
    return value


def test_no_text_of_a_report_becomes_a_part_of_its_page(root: Path) -> None:
    """Names of jobs, errors, commands of a journal that a commit has brought, what services answer: any text."""
    crons = [{"path": "/api/cron/nobody-answers", "schedule": "0 5 * * *"}]
    (root / "vercel.json").write_text(json.dumps({"crons": crons}))
    (root / "cronshift.toml").unlink()
    well = report(root, every_fate(root))
    well = structs.replace(well, marks=(Mark(NOW - timedelta(days=1), "cutover"),))
    assert well.findings
    bad = poisoned(well)
    page = report_page(bad, NOW)
    assert Elements(page).seen == Elements(report_page(well, NOW)).seen
    assert "2222" not in page
    assert page.count("&lt;script&gt;") > 20


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="the browser is one for Linux"
)
def test_it_is_readable_in_a_browser_and_accessible(
    root: Path, tmp_path: Path, node_packages: Path
) -> None:
    page = tmp_path / "move.html"
    page.write_text(report_page(report(root, every_fate(root)), NOW), encoding="utf-8")
    folder = Path(os.environ.get("CRONSHIFT_SCREENSHOTS", tmp_path))
    done = subprocess.run(
        ["node", node_packages / "report-page.mjs", page, folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    views = json.loads(done.stdout)
    assert [(view["width"], view["theme"]) for view in views] == [
        (390, "light"), (390, "dark"), (1280, "light"), (1280, "dark"),
    ]  # fmt: skip
    assert [view["violations"] for view in views] == [[], [], [], []]
    assert [(view["wide"], view["requests"]) for view in views] == [(0, 1)] * 4
    assert len({view["background"] for view in views}) == 2
    assert len(list(folder.glob("report-*.png"))) == 4


def test_findings_that_are_left_are_told(root: Path) -> None:
    made = report(root, [])
    assert made.findings
    assert all(finding.severity is not Severity.NOTE for finding in made.findings)

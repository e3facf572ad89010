"""Rehearsals of a Next.js app: by its guard and by its functions, compared as Python's are."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.sockets import serving

from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.runtime.comparing import answer_tokens
from cronshift.runtime.dry_runs import goes_first
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.targets import generate

from .conftest import library
from .test_nextjs_ledger import TICK, Ledger
from .test_nextjs_library import app as an_app

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.node
HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = json.loads(
    (HERE.parents[1] / "data" / "answer-tokens.json").read_text()
)


@pytest.fixture(scope="module")
def folder(node_packages: Path) -> Iterator[Path]:
    with library(node_packages) as root:
        for name in ("compared.ts", "forwarded.ts", "rehearsed.ts"):
            (root / name).write_text((HERE / name).read_text())
        yield root


def ran(folder: Path, packages: Path, *words: str, told: str = "", **variables: str) -> Any:
    loader = (packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    done = subprocess.run(
        ["node", "--import", loader, *words],
        cwd=folder,
        env={**os.environ, "CRON_SECRET": "s3cret", **variables},
        input=told,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_answers_have_the_tokens_that_python_gives_them(folder: Path, node_packages: Path) -> None:
    texts = [case["text"] for case in CASES]
    texts += [case.get("alike") or case["unlike"] for case in CASES]
    texts.append(json.dumps({f"k{number} é\u200b😀": number / 7 for number in range(90)}))
    ignores = [case["ignore"] for case in CASES] * 2 + [[]]
    told = json.dumps(
        [{"text": text, "ignore": ignore} for text, ignore in zip(texts, ignores, strict=True)]
    )
    tokens = ran(folder, node_packages, "compared.ts", told=told)
    python = [answer_tokens(text, ignore) for text, ignore in zip(texts, ignores, strict=True)]
    assert tokens == python


@pytest.mark.parametrize("dry_run", ["?dry_run=1", "X-Dry-Run: 1"])
@pytest.mark.parametrize("fails", ["", "fails"])
@pytest.mark.parametrize("percent", [0, 100])
def test_who_stands_by_rehearses_and_who_acts_does_behind_its_answer(
    folder: Path, node_packages: Path, percent: int, fails: str, dry_run: str
) -> None:
    ledger = Ledger()
    with serving(ledger.app) as address:
        told = ran(
            folder,
            node_packages,
            "rehearsed.ts",
            str(percent),
            dry_run,
            fails,
            CRONSHIFT_LEDGER_URL=f"{address}/api/inngest",
        )
    body = {"checked": 7, "took": 1}
    waits = [] if goes_first("tally", TICK) else ["let Vercel go first"]
    if percent:
        assert (told["vercel"], told["byVercel"]) == ({"skipped": "owner inngest"}, ["dry"])
        assert (told["inngest"], told["byInngest"]) == (body, ["wet", "dry"])
        assert told["steps"] == ["rehearse"]
    else:
        assert (told["vercel"], told["byVercel"]) == (body, ["wet", "dry"])
        assert (told["inngest"], told["byInngest"]) == ("owner vercel", ["dry"])
        assert told["steps"] == [*waits, "rehearse"]
    acting, standing = (Side.INNGEST, Side.VERCEL) if percent else (Side.VERCEL, Side.INNGEST)
    status = TickStatus.FAILED if fails else TickStatus.COMPLETED
    rehearsed = last(ledger.records, Role.REHEARSED)
    acted = last(ledger.records, Role.ACTED)[acting]
    assert {*rehearsed} == {*Side}
    assert {record.status for record in rehearsed.values()} == {status}
    assert rehearsed[acting].run_id == rehearsed_id(acted) if percent else True
    assert "reason" not in rehearsed[acting].seen
    assert rehearsed[standing].seen["reason"] == f"owner {acting}"
    assert (rehearsed[standing].seen.get("sent") is None) is bool(percent)
    assert acted.attempts == (2 if percent else 1)
    if not fails:
        tokens = answer_tokens('{"checked": 7, "took": 1}', ["took"])
        for record in (acted, *rehearsed.values()):
            assert {name: record.seen[name] for name in tokens} == tokens
    assert "s3cret" not in repr(ledger.records)


def rehearsed_id(acted: TickRecord) -> str:
    return f"{acted.run_id}-rehearsal"


def last(records: list[TickRecord], role: Role) -> dict[Side, TickRecord]:
    return {
        record.side: record
        for record in records
        if record.role is role and record.status is not TickStatus.RUNNING
    }


def test_a_pause_keeps_both_sides_from_work_and_from_rehearsals(
    folder: Path, node_packages: Path
) -> None:
    ledger = Ledger()
    with serving(ledger.app) as address:
        told = ran(
            folder,
            node_packages,
            "rehearsed.ts",
            "paused",
            "?dry_run=1",
            CRONSHIFT_LEDGER_URL=f"{address}/api/inngest",
        )
    assert told["vercel"] == {"skipped": "owner nobody"}
    assert told["inngest"] == "owner nobody"
    assert (told["byVercel"], told["byInngest"], told["steps"]) == ([], [], [])
    assert {record.side for record in ledger.records} == {*Side}
    assert {record.role for record in ledger.records} == {Role.STOOD_BY}


def test_without_a_ledger_nothing_is_rehearsed(folder: Path, node_packages: Path) -> None:
    told = ran(folder, node_packages, "rehearsed.ts", "0", "?dry_run=1", CRONSHIFT_LEDGER_URL="")
    assert (told["byVercel"], told["byInngest"]) == (["wet"], [])


def read_dry_runs(root: Path) -> None:
    """Have the app's route read the header: what never does is not moved."""
    place = root / "app/api/cron/report/route.ts"
    reading = 'const dry = request.headers.get("x-dry-run");\n  if (dry === null) await report();\n'
    place.write_text(place.read_text().replace("await Promise.resolve();", reading))


def test_an_app_rehearses_the_jobs_that_say_so_and_tells_the_ledger_then(tmp_path: Path) -> None:
    root = an_app(
        tmp_path, '[jobs.report]\nrehearsal = "X-Dry-Run: 1"\nrehearsal_ignore = ["at"]\n'
    )
    read_dry_runs(root)
    files = {file.path: file.text for file in generate(make_plan(load_project(root)))}
    job = files["lib/inngest/functions/report.ts"]
    route = files["app/api/cronshift/api/cron/report/route.ts"]
    assert 'rehearsal: { dryRun: "X-Dry-Run: 1", ignore: ["at"] }' in job
    assert 'rehearsal: { dryRun: "X-Dry-Run: 1", ignore: ["at"] }' in route
    assert "rehearseBeside" in job
    rehearsed = "rehearsedGet( JOBS, toldGet(JOBS, guardedTwins(JOBS, route)), route, )"
    assert rehearsed in " ".join(route.split())
    assert "lib/inngest/cronshift/ledger.ts" in files


def test_a_route_that_is_asked_over_http_hears_of_the_dry_run(
    folder: Path, node_packages: Path, tmp_path: Path
) -> None:
    asked = ran(folder, node_packages, "forwarded.ts")
    assert asked == [["/api/x?a=1", None]] * 2 + [["/api/x?a=1", "1"]] * 2
    root = an_app(tmp_path, '[jobs.report]\nmode = "bridge"\nrehearsal = "X-Dry-Run: 1"\n')
    read_dry_runs(root)
    files = {file.path: file.text for file in generate(make_plan(load_project(root)))}
    route = files["app/api/cronshift/api/cron/report/route.ts"]
    assert "guardedTwins(JOBS, forwarding())" in route
    told = "toldGet(JOBS, guardedTwins(JOBS, forwarding()))"
    dry = 'forwarding("", ["X-Dry-Run"])'
    assert f"rehearsedGet( JOBS, {told}, {dry}, )" in " ".join(route.split())


def test_a_job_that_says_nothing_of_it_has_nothing_of_it(tmp_path: Path) -> None:
    files = {
        file.path: file.text
        for file in generate(make_plan(load_project(an_app(tmp_path, "ledger = true\n"))))
    }
    assert not [path for path in files if path.endswith("/rehearsal.ts")]

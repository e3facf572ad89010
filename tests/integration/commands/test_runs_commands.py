"""``runs list`` and ``runs show``: over a ledger, over Inngest's API, and over neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from tests.integration.commands.test_schemas import check
from tests.integration.sockets import serving
from tests.unit.observing.test_runs import FAILED, a_run

from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.store.ledger import TickLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.commands.conftest import Cronshift

JOB = "session-recovery"
TICK = datetime(2026, 11, 20, tzinfo=UTC)
SPAN = ("--since", "2026-11-20T00:00Z", "--until", "2026-11-20T12:00Z")
NOWHERE = {"INNGEST_DEV": "0"}


def a_record(number: int, status: TickStatus = TickStatus.COMPLETED) -> TickRecord:
    tick = TICK + timedelta(minutes=10 * number)
    stood_by = status is TickStatus.SKIPPED
    return TickRecord(
        job=JOB,
        tick=tick,
        side=Side.INNGEST,
        owner="inngest",
        role=Role.STOOD_BY if stood_by else Role.ACTED,
        arrived=tick + timedelta(seconds=1),
        started=tick + timedelta(seconds=1),
        ended=tick + timedelta(seconds=3.5),
        status=status,
        attempts=0 if stood_by else 1 + number,
        error_class="TimeoutError" if status is TickStatus.FAILED else None,
        run_id=f"run-{number}",
    )


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {**NOWHERE, "CRONSHIFT_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.db'}"}


@pytest.fixture
def ledger(env: dict[str, str]) -> Iterator[TickLedger]:
    ledger = TickLedger.open(env["CRONSHIFT_LEDGER_URL"])
    ledger.write([a_record(0), a_record(1, TickStatus.FAILED), a_record(2, TickStatus.SKIPPED)])
    yield ledger
    ledger.close()


@pytest.fixture
def inngest() -> Iterator[dict[str, str]]:
    """Serve Inngest's API with one failed run, as version 2 of it is published."""
    app = FastAPI()

    @app.get("/api/v2/runs/{run_id}")
    async def run(run_id: str) -> object:
        if run_id != "01RUN":
            return JSONResponse(
                {"errors": [{"code": "not_found", "message": "Run not found"}]}, 404
            )
        return {"data": a_run("FAILED"), "metadata": {}}

    @app.get("/api/v2/runs/{run_id}/trace")
    async def trace(run_id: str, includeOutput: bool = False) -> object:  # noqa: N803
        assert includeOutput
        return {"data": {"runId": run_id, "rootSpan": FAILED}, "metadata": {}}

    with serving(app) as url:
        yield {"INNGEST_DEV": url}


@pytest.mark.usefixtures("ledger")
def test_the_runs_of_a_ledger_are_listed_the_newest_first(
    cronshift: Cronshift, env: dict[str, str]
) -> None:
    said = cronshift("runs", "list", JOB, *SPAN, env=env)
    assert said.code == 1
    lines = [line.split() for line in said.out.splitlines() if "run-" in line]
    assert lines == [
        ["20", "Nov", "00:10", JOB, "inngest", "failed", "2", "2.5", "s", "TimeoutError", "run-1"],
        ["20", "Nov", "00:00", JOB, "inngest", "completed", "1", "2.5", "s", "run-0"],
    ]
    document = cronshift("runs", "list", *SPAN, "--every", "--json", env=env).document
    check(document, "runs-list")
    assert [run["id"] for run in document["runs"]] == ["run-2", "run-1", "run-0"]
    well = cronshift("runs", "list", *SPAN, "--status", "completed", "--json", env=env)
    assert well.code == 0
    assert [run["seconds"] for run in well.document["runs"]] == [2.5]


@pytest.mark.usefixtures("ledger")
def test_a_run_of_the_ledger_is_shown(cronshift: Cronshift, env: dict[str, str]) -> None:
    said = cronshift("runs", "show", "run-1", env=env)
    assert said.code == 1
    assert "Attempts  2" in said.out
    assert "INNGEST_SIGNING_KEY is not set here" in said.err
    document = cronshift("runs", "show", "run-0", "--json", env=env).document
    check(document, "runs-show")
    assert (document["tick"], document["owner"], document["attempts"]) == (
        "2026-11-20T00:00:00Z",
        "inngest",
        1,
    )


def test_a_run_of_inngests_is_shown_with_what_its_trace_has(
    cronshift: Cronshift, inngest: dict[str, str]
) -> None:
    said = cronshift("runs", "show", "01RUN", env=inngest)
    assert said.code == 1
    assert "ValueError: no such table: rows" in said.out
    assert "· call  failed  2 attempts" in said.out
    document = cronshift("runs", "show", "01RUN", "--json", env=inngest).document
    check(document, "runs-show")
    assert document["tick"] == "2026-11-27T12:00:00Z"
    assert [step["attempts"] for step in document["steps"]] == [2, 1]


def test_where_nobody_tells_it_is_not_known(cronshift: Cronshift) -> None:
    said = cronshift("runs", "list", *SPAN, env=NOWHERE)
    assert said.code == 1
    assert "not known" in said.err
    assert said.out == ""


def test_a_run_that_nobody_knows_is_an_error_with_who_was_not_asked(
    cronshift: Cronshift, inngest: dict[str, str]
) -> None:
    said = cronshift("runs", "show", "01OTHER", "--json", env=inngest)
    assert said.code == 2
    assert said.document["error"]["reason"] == "no-such-run"
    assert "CRONSHIFT_LEDGER_URL is not set here" in said.document["error"]["message"]

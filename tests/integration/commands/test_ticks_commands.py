"""``observe`` and ``ticks`` over a ledger of the example: shown, judged, and made up for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from tests.integration.commands.test_schemas import check
from tests.integration.sockets import serving

from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.store.ledger import TickLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.commands.conftest import Cronshift

JOB = "session-recovery"  # every ten minutes
SINCE = ("--since", "2026-11-20T00:00Z", "--until", "2026-11-20T12:00Z")
START = datetime(2026, 11, 20, tzinfo=UTC)
TICKS = [START + timedelta(minutes=10 * number) for number in range(72)]
NOWHERE = {"INNGEST_DEV": "0"}


def both(tick: datetime) -> tuple[TickRecord, TickRecord]:
    """Return what both sides leave of a tick of Vercel's, where all is well."""
    ran = TickRecord(
        job=JOB,
        tick=tick,
        side=Side.VERCEL,
        owner="vercel",
        role=Role.ACTED,
        arrived=tick + timedelta(seconds=38),
        started=tick + timedelta(seconds=38),
        ended=tick + timedelta(seconds=40),
        status=TickStatus.COMPLETED,
        attempts=1,
        http_status=200,
        run_id=f"v{tick:%d%H%M}",
    )
    stood = TickRecord(
        job=JOB,
        tick=tick,
        side=Side.INNGEST,
        owner="vercel",
        role=Role.STOOD_BY,
        arrived=tick + timedelta(seconds=1.2),
        status=TickStatus.SKIPPED,
        numbers={"queued": 0.4},
        run_id=f"i{tick:%d%H%M}",
        seen={"reason": "owner vercel", "app": "file", "file": "same"},
    )
    return ran, stood


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TickLedger]:
    ledger = TickLedger.open(url_of(tmp_path))
    yield ledger
    ledger.close()


def url_of(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    claims = f"sqlite:///{tmp_path / 'claims.db'}"
    return {
        **NOWHERE,
        "CRONSHIFT_LEDGER_URL": url_of(tmp_path),
        "CRONSHIFT_CLAIMS_URL": claims,
    }


def test_where_both_see_every_tick_all_is_good(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str]
) -> None:
    ledger.write(record for tick in TICKS for record in both(tick))
    said = cronshift("observe", JOB, *SINCE, env=env)
    assert said.code == 0
    assert said.out.splitlines()[0] == (
        f"✓ {JOB}  72 of 72 ticks seen by both sides; Vercel p95 38 s late, Inngest p95 1.2 s late"
    )
    document = cronshift("observe", JOB, *SINCE, "--json", env=env).document
    check(document, "observe")
    (job,) = document["jobs"]
    assert (job["answer"], job["seen"]) == (
        "known-good",
        {"vercel": 72, "inngest": 72, "both": 72},
    )
    assert job["queued_seconds"]["p95"] == 0.4


def test_where_nothing_was_recorded_it_is_not_known(
    cronshift: Cronshift, env: dict[str, str]
) -> None:
    said = cronshift("observe", JOB, *SINCE, env=env)
    assert said.code == 1
    assert said.out.strip() == f"? {JOB}  not known: nothing was recorded"
    assert "INNGEST_SIGNING_KEY is not set here" in said.err
    assert "VERCEL_TOKEN" in said.err


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        ({"app": "did-not-answer"}, "the app tells no ownership file: did not answer"),
        ({"app": "wrong-secret"}, "the app tells no ownership file: wrong secret"),
        ({"app": "protected"}, "the app tells no ownership file: protected"),
        ({"app": "file", "file": "another"}, "another ownership file"),
        ({"missing": "CRON_SECRET"}, "not set: CRON_SECRET"),
    ],
)
def test_what_the_newest_look_finds_is_bad(
    cronshift: Cronshift,
    ledger: TickLedger,
    env: dict[str, str],
    seen: dict[str, str],
    sentence: str,
) -> None:
    records = [record for tick in TICKS for record in both(tick)]
    records[-1] = replace(records[-1], seen={"reason": "owner vercel", **seen})
    ledger.write(records)
    said = cronshift("observe", JOB, *SINCE, env=env)
    assert said.code == 1
    assert sentence in " ".join(said.out.split())


def test_what_was_wrong_once_and_is_right_now_is_not_bad(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str]
) -> None:
    records = [record for tick in TICKS for record in both(tick)]
    records[1] = replace(records[1], seen={"reason": "owner vercel", "app": "did-not-answer"})
    ledger.write(records)
    assert cronshift("observe", JOB, *SINCE, env=env).code == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"arrived": timedelta(minutes=3)}, "Inngest is late: p95 3m"),
        ({"numbers": {"queued": 75.0}}, "A limit holds Inngest's runs back: p95 75 s in the queue"),
        (
            {"status": TickStatus.FAILED},
            "72 of Inngest's runs failed although they had nothing to do",
        ),
    ],
)
def test_lateness_limits_and_failures_are_bad(
    cronshift: Cronshift,
    ledger: TickLedger,
    env: dict[str, str],
    change: dict[str, Any],
    sentence: str,
) -> None:
    for tick in TICKS:
        ran, stood = both(tick)
        fields = {
            **change,
            **({"arrived": tick + change["arrived"]} if "arrived" in change else {}),
        }
        ledger.write([ran, replace(stood, **fields)])
    said = cronshift("observe", JOB, *SINCE, env=env)
    assert said.code == 1
    assert sentence in " ".join(said.out.split())


def test_ticks_that_inngest_did_not_wake_at_are_bad_and_those_behind_the_last_not_known(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str]
) -> None:
    for at, tick in enumerate(TICKS):
        ran, stood = both(tick)
        ledger.write([ran] if at in {30, 70, 71} else [ran, stood])
    said = cronshift("observe", JOB, *SINCE, env=env)
    assert said.code == 1
    out = " ".join(said.out.split())
    assert "69 of 72 ticks seen by both sides" in out
    assert "Inngest did not wake at 1 tick, first 2026-11-20T05:00:00Z" in out
    assert "not known: Inngest was not watched at 2 ticks, first 2026-11-20T11:40:00Z" in out


# Ticks


def a_day(ledger: TickLedger) -> None:
    """Let one tick of each fate have happened, and the others on time."""
    for at, tick in enumerate(TICKS):
        ran, stood = both(tick)
        match at:
            case 10 | 11 | 20:  # missed: only Inngest's side woke
                ledger.write([stood])
            case 12:  # nobody was watched
                pass
            case 13:
                ledger.write([replace(ran, arrived=tick + timedelta(seconds=90)), stood])
            case 14:
                ledger.write([ran, replace(ran, run_id="again"), stood])
            case 15:
                ledger.write([replace(ran, status=TickStatus.FAILED, http_status=500), stood])
            case _:
                ledger.write([ran, stood])


def test_ticks_are_listed_with_what_became_of_them(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str]
) -> None:
    a_day(ledger)
    said = cronshift("ticks", "list", JOB, *SINCE, "--json", env=env)
    assert said.code == 1
    check(said.document, "ticks-list")
    assert said.document["counts"] == {
        "on time": 65,
        "missed": 3,
        "not known": 1,
        "late": 1,
        "doubled": 1,
        "failed": 1,
    }
    shown = cronshift("ticks", "list", JOB, *SINCE, env=env)
    assert shown.code == 1
    assert "20 Nov 01:40" in shown.out
    assert "vercel did not wake" in shown.out
    assert "20 Nov 00:00" not in shown.out
    assert "20 Nov 00:00" in cronshift("ticks", "list", JOB, *SINCE, "--every", env=env).out


def test_failed_ticks_are_not_made_up_for_and_it_is_said_what_does(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str]
) -> None:
    ran, stood = both(TICKS[0])
    ledger.write([replace(ran, status=TickStatus.FAILED, http_status=500), stood])
    said = cronshift("ticks", "replay", JOB, "--dry-run", *SINCE, env=env)
    assert "1 failed and are not run here: cronshift dead-letters replay does it." in said.err
    assert "No tick is to be made up for." in said.err


def test_a_list_of_ticks_that_ran_is_well(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str]
) -> None:
    ledger.write(record for tick in TICKS for record in both(tick))
    assert cronshift("ticks", "list", JOB, *SINCE, env=env).code == 0


class Invoked:
    """Inngest's API as far as runs are started over it."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.functions: list[str] = []
        self.refuses_after = 100
        self.app = FastAPI()

        @self.app.post("/api/v2/apps/{app}/functions/{function}/invoke")
        async def invoke(app: str, function: str, request: Request) -> Any:
            if len(self.bodies) >= self.refuses_after:
                return JSONResponse({"errors": []}, 503)
            body = await request.json()
            if body["idempotencyKey"] in {each["idempotencyKey"] for each in self.bodies}:
                return JSONResponse({"errors": [{"code": "idempotency_conflict"}]}, 409)
            self.functions.append(f"{app}/{function}")
            self.bodies.append(body)
            return {"data": {"runId": f"01RUN{len(self.bodies)}"}}

        @self.app.get("/api/v2/{rest:path}")
        async def nothing(rest: str) -> Any:
            return {"data": [], "page": {"hasMore": False}}


@pytest.fixture
def inngest(env: dict[str, str]) -> Iterator[Invoked]:
    invoked = Invoked()
    with serving(invoked.app) as address:
        env["INNGEST_DEV"] = address
        yield invoked


def test_missed_ticks_are_made_up_for_in_order_and_each_with_its_own_key(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str], inngest: Invoked
) -> None:
    a_day(ledger)
    words = ("ticks", "replay", JOB, *SINCE, "--per-minute", "60000")
    looked = cronshift(*words, "--dry-run", env=env)
    assert looked.code == 0
    assert inngest.bodies == []
    said = cronshift(*words, "--yes", "--json", env=env)
    assert said.code == 0
    check(said.document, "ticks-replay")
    assert [body["data"] for body in inngest.bodies] == [
        {"cronshift": "replay", "scheduledAt": f"2026-11-20T{time}:00Z", "missed": True}
        for time in ("01:40", "01:50", "03:20")
    ]
    assert len({body["idempotencyKey"] for body in inngest.bodies}) == 3
    assert {name.partition("/")[2] for name in inngest.functions} == {JOB}
    assert said.document["unknown"] == 1
    assert "What became of 1 tick is not known" in said.err


def test_asked_again_no_tick_is_started_again(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str], inngest: Invoked
) -> None:
    a_day(ledger)
    words = ("ticks", "replay", JOB, *SINCE, "--per-minute", "60000", "--yes")
    assert "Started 3 runs" in cronshift(*words, env=env).err
    again = cronshift(*words, env=env)
    assert again.code == 0
    assert "Started 0 runs; 3 had run or been started before." in again.err
    assert len(inngest.bodies) == 3


def test_of_the_missed_ticks_the_latest_or_none_may_be_wanted(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str], inngest: Invoked
) -> None:
    a_day(ledger)
    words = ("ticks", "replay", JOB, *SINCE, "--yes")
    assert cronshift(*words, "--policy", "none", env=env).code == 0
    assert inngest.bodies == []
    settings = cronshift.folder / "cronshift.toml"
    header = f"[jobs.{JOB}]\n"
    settings.write_text(settings.read_text().replace(header, f'{header}missed = "latest"\n'))
    assert cronshift(*words, env=env).code == 0
    assert [body["data"]["scheduledAt"] for body in inngest.bodies] == ["2026-11-20T03:20:00Z"]


def test_without_claims_nothing_is_started(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str], inngest: Invoked
) -> None:
    a_day(ledger)
    words = ("ticks", "replay", JOB, *SINCE, "--yes", "--json")
    said = cronshift(*words, env={**env, "CRONSHIFT_CLAIMS_URL": ""})
    assert said.code == 3
    assert said.document["error"]["reason"] == "needs-claims"
    assert inngest.bodies == []


def test_what_has_run_by_the_claims_is_left_out(
    cronshift: Cronshift,
    ledger: TickLedger,
    env: dict[str, str],
    inngest: Invoked,
    tmp_path: Path,
) -> None:
    from cronshift.runtime.store.claims import Claims

    a_day(ledger)
    url = f"sqlite:///{tmp_path / 'claims.db'}"
    claims = Claims.open(url)
    claims.take(JOB, TICKS[10], "x")
    claims.finish(JOB, TICKS[10], "x")
    claims.close()
    words = ("ticks", "replay", "--all", *SINCE, "--per-minute", "60000", "--yes")
    said = cronshift(*words, env={**env, "CRONSHIFT_CLAIMS_URL": url})
    assert said.code == 0
    assert "Started 2 runs; 1 had run or been started before." in said.err
    assert len(inngest.bodies) == 2


def test_where_the_engine_refuses_it_is_told_how_far_it_came(
    cronshift: Cronshift, ledger: TickLedger, env: dict[str, str], inngest: Invoked
) -> None:
    a_day(ledger)
    inngest.refuses_after = 1
    words = ("ticks", "replay", JOB, *SINCE, "--per-minute", "60000", "--yes", "--json")
    said = cronshift(*words, env=env)
    assert said.code == 2
    assert said.document["error"]["reason"] == "inngest-api"
    assert "started 1 of 3 ticks" in said.document["error"]["message"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("observe", "nothing"), "no-such-job"),
        (("observe", "--since", "yesterday"), "invalid-time"),
        (("ticks", "list", "--since", "1h", "--until", "2h"), "invalid-time"),
        (("ticks", "replay"), "which-jobs"),
    ],
)
def test_what_is_meant_by_nothing_is_refused(
    cronshift: Cronshift, env: dict[str, str], words: tuple[str, ...], reason: str
) -> None:
    said = cronshift(*words, "--json", env=env)
    assert said.code == 2
    assert json.loads(said.out)["error"]["reason"] == reason


def test_a_ledger_that_is_down_is_told_without_its_address(cronshift: Cronshift) -> None:
    url = "postgresql+psycopg://u:s3cret@127.0.0.1:9/d?connect_timeout=1"
    said = cronshift("observe", JOB, *SINCE, env={**NOWHERE, "CRONSHIFT_LEDGER_URL": url})
    assert said.code == 1
    assert "database did not tell" in said.err
    assert "s3cret" not in said.out + said.err

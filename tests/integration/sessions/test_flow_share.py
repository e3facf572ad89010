"""The share of a flow's users: given, shown, compared in the app's database, and taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from tests.integration.sessions.conftest import TOML

from cronshift.cli import run
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import OWNERSHIP_NAME, Epoch, Owner, Ownership, dump_ownership
from cronshift.sessions.flow import SessionFlow

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.sessions.conftest import App

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FLOW = "prediction-session"
USERS = [f"user-{number}" for number in range(200)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    crons = [{"path": "/api/cron/x", "schedule": "0 6 * * *"}]
    (root / "vercel.json").write_text(json.dumps({"crons": crons}))
    (root / "cronshift.toml").write_text(
        TOML.replace("[sessions]", f'[sessions]\nflow = "{FLOW}"', 1)
    )
    return root


def cronshift(root: Path, *words: str, at: datetime = NOW) -> int:
    with time_machine.travel(at, tick=False):
        return run(["-C", str(root), *words])


def document(
    root: Path, capsys: pytest.CaptureFixture[str], *words: str, at: datetime = NOW
) -> Any:
    capsys.readouterr()
    cronshift(root, *words, "--json", at=at)
    return json.loads(capsys.readouterr().out)


def share(root: Path, at: datetime) -> int:
    """Return how many of the users are Inngest's."""
    ownership = read_ownership(root)
    return sum(ownership.flow_owner(FLOW, user, at) is Owner.INNGEST for user in USERS)


def test_the_share_of_users_grows_and_shrinks_by_epochs(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = NOW
    shares = []
    for percent in (10, 50, 100):
        words = ("cutover", "--flow", FLOW, "--percent", str(percent), "--yes")
        assert cronshift(root, *words, at=later) == 0
        before, later = later, later + timedelta(hours=1)
        shares.append((share(root, before), share(root, later)))
    assert shares[0][0] == 0
    assert 5 < shares[0][1] == shares[1][0] < 40 < shares[1][1] == shares[2][0] < 130
    assert shares[2][1] == len(USERS)
    status = document(root, capsys, "status")["flows"]
    assert [flow["flow"] for flow in status] == [FLOW]
    assert cronshift(root, "rollback", "--flow", FLOW, "--yes", at=later) == 0
    assert share(root, later) == len(USERS)  # until every instance can hold the file
    assert share(root, later + timedelta(minutes=17)) == 0
    assert read_ownership(root).jobs == {}


def test_a_rollback_takes_an_epoch_back_that_nobody_holds(root: Path) -> None:
    at = "2026-11-25T12:00Z"
    assert cronshift(root, "cutover", "--flow", FLOW, "--percent", "10", "--at", at, "--yes") == 0
    assert cronshift(root, "rollback", "--flow", FLOW, "--yes") == 0
    assert read_ownership(root).flows == {}
    assert cronshift(root, "rollback", "--flow", FLOW, "--yes") == 0  # there is nothing to do


def test_a_second_epoch_waits_for_the_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cronshift(root, "cutover", "--flow", FLOW, "--percent", "10", "--yes")
    assert cronshift(root, "cutover", "--flow", FLOW, "--percent", "50", "--yes") == 3
    assert f"cronshift rollback --flow {FLOW}" in capsys.readouterr().err
    assert cronshift(root, "cutover", "--flow", FLOW, "--percent", "10", "--yes") == 0
    assert document(root, capsys, "cutover", "--flow", FLOW, "--percent", "10")["done"] == [FLOW]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("cutover", "--flow", "predicton-session", "--percent", "10", "--yes"), 2),
        (("rollback", "--flow", "other"), 2),
        (("compare", "--flow", "other"), 2),
        (("cutover", "--flow", FLOW, "some-job"), 2),
        (("cutover", "--flow", FLOW, "--stages", "50,10"), 2),
        (("cutover", "--flow", FLOW, "--auto", "--yes"), 2),
        (("advance", "--flow", FLOW, "some-job"), 2),
        (("rollback", "--flow", FLOW, "--all"), 2),
        (("cutover", "--flow", FLOW, "--at", "2026-11-24T12:01Z", "--yes"), 3),
    ],
)
def test_what_is_no_change_of_a_flow_is_refused(
    root: Path, words: tuple[str, ...], code: int
) -> None:
    assert cronshift(root, *words) == code
    assert not (root / OWNERSHIP_NAME).exists()


def test_without_sessions_there_is_no_flow(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "cronshift.toml").write_text("")
    assert cronshift(root, "cutover", "--flow", FLOW, "--percent", "10") == 2
    assert "[sessions]" in capsys.readouterr().err


def test_both_paths_are_compared_in_the_apps_own_database(
    root: Path, app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", app.url)
    begun = NOW - timedelta(days=2)
    cronshift(root, "cutover", "--flow", FLOW, "--percent", "100", "--yes", at=begun)
    user = app.user(credits_left=10_000)
    made = begun + timedelta(hours=1)
    for number in range(60):
        created = made + timedelta(minutes=number)
        started = created + timedelta(seconds=3)
        app.session(
            user,
            "finished",
            created=created - timedelta(days=2),
            started=started - timedelta(days=2),
        )
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", (root / OWNERSHIP_NAME).read_text())
    clock = iter(made + timedelta(minutes=number) for number in range(1_000))
    flow = SessionFlow(FLOW, app.engine, app.database.mapped, clock=clock.__next__)
    models = {"selected_models": names(app)}
    ids = [flow.enqueue(user, 1, models).session_id for _ in range(60)]
    for session in ids:
        finish(app, session, "finished")
    (verdict,) = document(root, capsys, "compare", "--flow", FLOW)["jobs"]
    assert verdict["verdict"] == "promote"
    metrics = {metric["metric"]: metric for metric in verdict["metrics"]}
    assert metrics["failures"]["vercel"] == {"ticks": 60, "bad": 0}
    assert metrics["failures"]["inngest"] == {"ticks": 60, "bad": 0}
    assert metrics["lateness"]["inngest"]["ticks"] == 60
    for session in ids[::3]:
        finish(app, session, "error")
    (verdict,) = document(root, capsys, "compare", "--flow", FLOW)["jobs"]
    assert verdict["verdict"] == "roll back"
    assert cronshift(root, "compare", "--flow", FLOW) == 1


def test_a_flow_goes_by_stages_as_its_sessions_allow_and_back_by_itself(
    root: Path, app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", app.url)
    planned = ("cutover", "--flow", FLOW, "--stages", "10,100", "--auto-to", "10", "--yes")
    assert cronshift(root, *planned) == 0
    assert read_ownership(root).flows == {}  # no share changes by a plan
    assert cronshift(root, "advance", "--flow", FLOW) == 0  # up to there it goes by itself
    assert cronshift(root, "advance") == 0  # what is to begin is waited for
    assert [epoch.percent for epoch in read_ownership(root).flows[FLOW]] == [10]

    made = NOW + timedelta(hours=1)
    user = app.user(credits_left=10_000)
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", whole())
    clock = iter(made + timedelta(minutes=number) for number in range(1_000))
    flow = SessionFlow(FLOW, app.engine, app.database.mapped, clock=clock.__next__)
    ids = [flow.enqueue(user, 1, {"selected_models": names(app)}).session_id for _ in range(80)]
    for session in ids:
        finish(app, session, "finished")
    later = NOW + timedelta(days=1)
    told = document(root, capsys, "advance", at=later)
    assert told["flows"][0]["verdict"] == "promote"
    assert told["waiting"] == [{"jobs": [], "percent": 100, "flow": FLOW}]
    assert [epoch.percent for epoch in read_ownership(root).flows[FLOW]] == [10]

    for session in ids[::2]:
        finish(app, session, "error")
    assert cronshift(root, "advance", at=later) == 1  # back, by itself, and over
    assert [epoch.percent for epoch in read_ownership(root).flows[FLOW]] == [10, 0]
    assert not (root / "cronshift.rollouts.json").exists()
    assert cronshift(root, "advance", at=later) == 0


def whole() -> str:
    epoch = Epoch(NOW - timedelta(days=1), 100, "01")
    return dump_ownership(Ownership(flows={FLOW: (epoch,)}))


def names(app: App) -> Any:
    return ["model-0"] if app.is_postgresql else json.dumps(["model-0"])


def finish(app: App, session: str, label: str) -> None:
    kind = "CAST(:label AS session_status)" if app.is_postgresql else ":label"
    app.do(
        f"UPDATE prediction_sessions SET status = {kind}, started_at = created_at WHERE id = :id",
        label=label,
        id=session,
    )

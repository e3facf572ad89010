"""Dead runs of the session flow leave letters, and running those again pays and charges nobody twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.integration.sessions.test_flow import CRON, Flow, asked

from cronshift.engine.executor.events import custom_event, tick_event
from cronshift.inngest_fns.replaying import is_of_session, queue_again
from cronshift.runtime.dead_letters import DeadLetter
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.store.dead_letters import DeadLetters
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.flow import SessionClaim, event_of
from cronshift.sessions.requested import session_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.integration.sessions.conftest import App

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAME = "prediction-session"


@pytest.fixture
def flow(app: App, monkeypatch: pytest.MonkeyPatch) -> Flow:
    return Flow(app, monkeypatch)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[DeadLetter]]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", url)
    monkeypatch.delenv("VERCEL_ENV", raising=False)

    def read() -> list[DeadLetter]:
        letters = DeadLetters.open(url)
        try:
            return letters.read()
        finally:
            letters.close()

    return read


def sent(session: str, user: str) -> dict[str, Any]:
    """Return a session's event with the id that the flow gives it."""
    return asked(session, user) | {"id": event_of(session, user, 0)["id"]}


def test_a_run_that_fails_leaves_a_letter_and_a_settled_one_leaves_none(
    flow: Flow, app: App, kept: Callable[[], list[DeadLetter]]
) -> None:
    user, thief = app.user(10, 0), app.user(0, 0)
    session = flow.enqueue(user)
    run = flow.run(event=sent(session, thief))
    (letter,) = kept()
    assert (letter.run_id, letter.job, letter.status) == (run.run_id, NAME, TickStatus.FAILED)
    assert letter.error == "NonRetriableError: the session is not this user's"
    assert is_of_session(letter)
    assert session_in(letter.event_id, flow.flow.mapped) == session
    assert flow.run(event=sent(session, user)).error is None
    assert len(kept()) == 1


def test_a_database_that_is_away_keeps_nobody_from_telling_it(
    flow: Flow, app: App, kept: Callable[[], list[DeadLetter]]
) -> None:
    user = app.user(10, 0)
    session = flow.enqueue(user)
    app.do("ALTER TABLE prediction_sessions RENAME TO elsewhere")
    flow.run(event=sent(session, user))
    app.do("ALTER TABLE elsewhere RENAME TO prediction_sessions")
    (letter,) = kept()
    assert "Error: " in letter.error
    (again,) = queue_again(flow.flow, [letter])
    assert again.run_id == session


def test_cancelled_runs_and_failures_of_recovery_leave_letters_too(
    flow: Flow, app: App, kept: Callable[[], list[DeadLetter]]
) -> None:
    user = app.user(10, 0)
    session = flow.enqueue(user)
    assert flow.flow.claim(session, user, "01RUN") is SessionClaim.OURS
    for run_id, name, event in (
        ("01RUN", NAME, sent(session, user)),
        ("02RUN", f"{NAME}-recovery", tick_event(CRON, NOW, NOW) | {"data": {}}),
    ):
        data = {"function_id": f"app-{name}", "run_id": run_id, "event": event}
        told = flow.run(f"{NAME}-cancelled", custom_event("inngest/function.cancelled", data, NOW))
        assert told.error is None
    assert app.state(session) == ("error", "took too long")
    assert {(letter.run_id, letter.job, letter.status.value) for letter in kept()} == {
        ("01RUN", NAME, "cancelled"),
        ("02RUN", f"{NAME}-recovery", "cancelled"),
    }
    app.do("ALTER TABLE prediction_sessions RENAME TO elsewhere")
    tick = tick_event(CRON, NOW, NOW)
    del tick["data"]["cronshift"]  # the schedule's own
    failed = flow.run(f"{NAME}-recovery", tick)
    letter = next(letter for letter in kept() if letter.run_id == failed.run_id)
    assert (letter.job, letter.tick) == (f"{NAME}-recovery", NOW)


@pytest.mark.parametrize(
    ("event_id", "session"),
    [
        ("session.requested-1b4e28ba-2fa1-11d2-883f-0016d3cca427-3", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ("session.requested-SOURCE-7-0", "7"),
        ("session.requested-SOURCE-a-b-12", "a-b"),
        ("session.requested-another-7-0", None),
        ("session.requested-7", None),
        ("shop.paid-1b4e28ba-2fa1-11d2-883f-0016d3cca427-3", None),
        ("01M8F4E180R83EDTDX9VFCF45G", None),
        ("", None),
    ],
)  # fmt: skip
def test_an_events_id_names_its_session(flow: Flow, event_id: str, session: str | None) -> None:
    mapped = flow.flow.mapped
    assert session_in(event_id.replace("SOURCE", mapped.source), mapped) == session


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "ask",
                "run",
                "die",
                "cancel",
                "lose",
                "replay",
                "replay",
                "send",
                "orphans",
                "refunds",
            ]
        ),
        st.integers(0, 5),
    ),
    max_size=16,
)


def test_replaying_in_any_order_pays_and_charges_once(app: App, flow: Flow) -> None:
    @settings(
        max_examples=15, suppress_health_check=list(HealthCheck), derandomize=True, deadline=None
    )
    @given(STEPS)
    def law(steps: Sequence[tuple[str, int]]) -> None:
        with app.engine.begin() as connection:
            for table in ("predictions", "prediction_sessions", "users"):
                connection.execute(text(f"DELETE FROM {table}"))
        world = World(app, flow)
        for verb, number in steps:
            world.take(verb, number)
            world.holds()

    law()


class World:
    """A user's sessions, the runs that process them, and the letters of those that die."""

    def __init__(self, app: App, flow: Flow) -> None:
        self.app, self.flow = app, flow.flow
        self.user = app.user(1000, 0)
        self.sessions: list[str] = []
        self.letters: list[DeadLetter] = []
        self.events: list[dict[str, Any]] = []
        self.claimed: list[str] = []
        self.runs = 0
        self.asking = flow

    def take(self, verb: str, number: int) -> None:
        if verb == "ask":
            self.sessions.append(self.asking.enqueue(self.user))
        elif verb == "send":
            asyncio.run(self.flow.relay(self._send))
        elif verb == "replay" and self.letters:
            self._replay(self.letters[number % len(self.letters)])
        elif verb in {"orphans", "refunds"}:
            self._sweep(verb)
        elif verb in {"run", "die", "cancel", "lose"} and self.events:
            self._run(verb, self.events[number % len(self.events)])

    def holds(self) -> None:
        """The balance is what was charged and refunded; a session is refunded and taken up once at most."""
        has_refunds = "cronshift_refunds" in self._tables()
        refunded, paid = (
            self.app.one(
                "SELECT coalesce(sum(amount), 0), count(*) FROM cronshift_refunds WHERE user_id = :u",
                u=self.user,
            )
            if has_refunds
            else (0, 0)
        )
        charged = 3 * len(self.sessions)
        assert self.app.account(self.user) == (1000 - charged + refunded, charged - refunded)
        failed = [each for each in self.sessions if self.app.state(each)[0] == "error"]
        assert paid == len(failed)
        assert refunded == 3 * len(failed)
        assert len(self.claimed) == len(set(self.claimed))

    def _tables(self) -> set[str]:
        from sqlalchemy import inspect

        return set(inspect(self.app.engine).get_table_names())

    async def _send(self, events: Sequence[dict[str, Any]]) -> None:
        self.events.extend(events)

    def _run(self, verb: str, event: dict[str, Any]) -> None:
        """A run of an event: it ends well, or dies before the claim, behind it, or settled or not."""
        self.runs += 1
        session, run = event["data"]["session_id"], f"{id(self)}-{self.runs}"
        if verb != "die":
            claim = self.flow.claim(session, event["data"]["user_id"], run)
            if claim is not SessionClaim.OURS:
                return
            self.claimed.append(session)
        if verb == "run":
            for number in range(3):
                self.app.do(
                    "INSERT INTO predictions (session_id, model) VALUES (:s, :m)",
                    s=session,
                    m=f"model-{number}",
                )
            self.flow.settle(session, well=True, run_id=run)
            return
        if verb != "lose":
            self.flow.settle(session, well=False, reason=verb, run_id=run)
        status = TickStatus.CANCELLED if verb == "cancel" else TickStatus.FAILED
        self.letters.append(
            DeadLetter(
                run_id=run,
                job=NAME,
                status=status,
                tick=None,
                event=event["name"],
                event_id=event["id"],
                error="no",
                died=NOW,
            )
        )

    def _replay(self, letter: DeadLetter) -> None:
        """Replayed twice is replayed once."""
        first = queue_again(self.flow, [letter])
        waits = self._waiting()
        assert queue_again(self.flow, [letter]) == first
        assert self._waiting() == waits

    def _waiting(self) -> Any:
        with self.app.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT session_id, attempt, put_at FROM cronshift_outbox ORDER BY session_id")
            )
            return rows.all()

    def _sweep(self, verb: str) -> None:
        mapped, later = self.app.database.mapped, datetime.now(UTC) + timedelta(days=1)
        sweeps = (
            [scripts.orphans(mapped, later, becomes="error", refund=True), scripts.stuck(mapped, later)]
            if verb == "orphans"
            else [scripts.owed(mapped, later, since=None)]
        )  # fmt: skip
        for sweep in sweeps:
            sweeping.run(self.app.database.engine, mapped, sweep)


def test_what_was_settled_meanwhile_is_left_alone(
    flow: Flow, app: App, kept: Callable[[], list[DeadLetter]]
) -> None:
    user = app.user(10, 0)
    queued, settled = flow.enqueue(user), flow.enqueue(user)
    for session in (queued, settled):
        flow.run(event=sent(session, app.user(0, 0)))
    flow.run(event=sent(settled, user))
    again = [each.run_id for each in queue_again(flow.flow, kept())]
    assert sorted(again, key=str) == sorted([queued, None], key=str)

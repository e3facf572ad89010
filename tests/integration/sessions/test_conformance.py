"""The flow's contract, as tests/data/session-flow.json has it, held by the Python flow."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from cronshift.runtime.held import Source
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.flow import CostError, NotEnoughCreditsError, SessionFlow
from cronshift.sessions.requested import hashed_user

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.sessions.conftest import App

CONTRACT = Path(__file__).parents[2] / "data/session-flow.json"
CASES: list[dict[str, Any]] = json.loads(CONTRACT.read_text())["cases"]
_REFUSALS = {NotEnoughCreditsError: "not enough", CostError: "no cost"}


def source(percent: int) -> Source:
    epoch = Epoch(datetime.now(UTC) - timedelta(days=1), percent, "01")
    text = dump_ownership(Ownership(flows={"prediction-session": (epoch,)}))
    return Source(lambda: text)


@dataclass
class Driver:
    """Carries out the steps of a case on the Python flow."""

    app: App
    user: str
    session: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def flow(self, percent: int = 100) -> SessionFlow:
        database = self.app.database
        return SessionFlow(
            "prediction-session",
            database.engine,
            database.mapped,
            source=source(percent),
            clock=lambda: self.now,
        )

    def enqueue(self, step: dict[str, Any]) -> str:
        names = [f"model-{number}" for number in range(step["models"])]
        values = {"selected_models": names if self.app.is_postgresql else json.dumps(names)}
        flow = self.flow(0 if step.get("owner") == "vercel" else 100)
        sends = step.get("sends", False)
        try:
            made = flow.enqueue(self.user, step.get("cost", len(names)), values, sends=sends)
        except (NotEnoughCreditsError, CostError) as error:
            return _REFUSALS[type(error)]
        self.session = made.session_id
        return self.app.state(self.session)[0]

    def claim(self, step: dict[str, Any]) -> str:
        session = step.get("session", self.session)
        users = {"another": str(uuid4()), "hashed": hashed_user(session, self.user)}
        named = users.get(step.get("user", ""), self.user)
        return str(self.flow().claim(session, named, step["run"]))

    def deliver(self, step: dict[str, Any]) -> None:
        for number in range(step["models"]):
            self.app.do(
                "INSERT INTO predictions (session_id, model) VALUES (:s, :m)",
                s=self.session,
                m=f"model-{number}",
            )

    def settle(self, step: dict[str, Any]) -> Any:
        report = self.flow().settle(
            self.session, well=step["well"], reason=step.get("reason", ""), run_id=step["run"]
        )
        return "aside" if report.exceptions else [report.settled, report.credits]

    def label(self, step: dict[str, Any]) -> None:
        self.app.do(
            f"UPDATE prediction_sessions SET status = '{step['as']}' WHERE id = :id",
            id=self.session,
        )

    def relay(self, step: dict[str, Any]) -> Any:
        attempts: list[int] = []

        async def send(events: Sequence[dict[str, Any]]) -> None:
            if step.get("fails"):
                raise ConnectionError
            attempts.extend(event["data"]["attempt"] for event in events)

        try:
            asyncio.run(self.flow().relay(send))
        except ConnectionError:
            return "failed"
        return attempts

    def lapse(self, _: dict[str, Any]) -> None:
        self.app.do("UPDATE cronshift_outbox SET leased_until = 1 WHERE sent_at IS NULL")

    def requeue(self, _: dict[str, Any]) -> int:
        return self.flow().requeue()

    def age(self, step: dict[str, Any]) -> None:
        self.now += timedelta(minutes=step["minutes"])

    def stuck(self, _: dict[str, Any]) -> int:
        database = self.app.database
        sweep = scripts.stuck(database.mapped, self.now)
        return sweeping.run(database.engine, database.mapped, sweep).settled

    def disown(self, _: dict[str, Any]) -> None:
        self.app.do("ALTER TABLE users RENAME TO people")
        self.app.do("CREATE VIEW users AS SELECT * FROM people WHERE name = 'nobody'")

    def ends(self) -> list[Any]:
        people = "people" if self._has_people() else "users"
        credits_left = self.app.one(f"SELECT credits FROM {people} WHERE id = :id", id=self.user)
        state = self.app.state(self.session)[0] if self.session else None
        paid = self.app.one("SELECT count(*), coalesce(sum(amount), 0) FROM cronshift_refunds")
        return [state, int(credits_left), [int(paid[1])] if paid[0] else []]

    def _has_people(self) -> bool:
        from sqlalchemy import inspect

        return inspect(self.app.engine).has_table("people")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_python_flow_keeps_the_contract(app: App, case: dict[str, Any]) -> None:
    driver = Driver(app, app.user(10, 0))
    driver.flow().mapped  # noqa: B018 - makes the tables
    for step in case["steps"]:
        gave = getattr(driver, step["do"])(step)
        assert gave == step.get("gives"), step
    assert driver.ends() == case["ends"]

"""Twenty and more set-ups that are well, each in its own way: none is an alarm."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.operating.fakes import answer, typescript
from tests.integration.operating.stand_ins import (
    API_KEY,
    CRONS,
    EVENT,
    KEY,
    NAMES,
    OTHER_KEY,
    PATHS,
    Deployment,
    Inngest,
    Vercel,
    World,
)

from cronshift.output.diagnosis_text import diagnosis_text
from cronshift.readiness.fact import Knowledge

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.operating.conftest import Seen

OF_ALL = {
    "version": 1,
    "jobs": {
        job: [{"effective_at": "2026-01-01T00:00:00Z", "percent": 100, "operation": "01"}]
        for job in CRONS
    },
}
SPACED = [{"path": PATHS[job], "schedule": text.replace(" ", "  ")} for job, text in CRONS.items()]
DISPATCHED = [
    {"path": f"/api/cronshift{PATHS[job]}", "schedule": text} for job, text in CRONS.items()
]
DEV = {"INNGEST_SIGNING_KEY": "", "INNGEST_DEV": "1"}

HEALTHY: dict[str, World] = {
    "as it should be": World(),
    "the TypeScript SDK": World(deployment=Deployment(replaced=typescript())),
    "the TypeScript SDK, version 3": World(deployment=Deployment(replaced=typescript(version="3.54.2"))),
    "an API key too": World(environ={"INNGEST_API_KEY": API_KEY}),
    "an API key alone": World(environ={"INNGEST_API_KEY": API_KEY, "INNGEST_SIGNING_KEY": ""}),
    "a key without its prefix": World(inngest=Inngest(signing_keys=[KEY.rpartition("-")[2]])),
    "a key that is about to be rotated": World(inngest=Inngest(signing_keys=[OTHER_KEY, KEY])),
    "event keys on several pages": World(inngest=Inngest(event_keys=["a", "b", EVENT], pages=True)),
    "keys that Inngest does not list": World(inngest=Inngest(keys_status=403)),
    "functions of the app's own": World(inngest=Inngest(crons=CRONS | {"own": "0 1 * * *"})),
    "a zone by another name": World(inngest=Inngest(crons=CRONS | {"mail": "TZ=Etc/UTC 30 6 * * 1"})),
    "an Inngest environment": World(inngest=Inngest(environments={"production": False, "old": True}), table={"inngest_env": "production"}),
    "a server of one's own that tells its version": World(inngest=Inngest(version="1.43.0")),
    "variables of the team": World(deployment=Deployment(replaced=typescript()), vercel=Vercel(variables={"CRON_SECRET": "production"})),
    "variables for every target": World(vercel=Vercel(variables={name: ["production", "preview", "development"] for name in NAMES})),
    "variables that may not be read": World(vercel=Vercel(variables_status=403)),
    "schedules that are spaced otherwise": World(vercel=Vercel(crons=SPACED)),
    "crons that were switched off for a while": World(vercel=Vercel(enabled_at=9, disabled_at=5)),
    "crons switched off, and all is Inngest's": World(vercel=Vercel(disabled_at=2), files={"cronshift.ownership.json": json.dumps(OF_ALL)}),
    "a team": World(vercel=Vercel(team="team_1"), table={"vercel_team": "team_1"}),
    "no token for Vercel": World(environ={"VERCEL_TOKEN": ""}),
    "no key at all": World(environ={"INNGEST_SIGNING_KEY": ""}),
    "no project on Vercel": World(table={"vercel_project": None}),
    "nothing linked yet": World(is_named_here=False, table={"app": None, "endpoint": None, "vercel_project": None}),
    "an answer out of a cache": World(deployment=Deployment(aged=True)),
    "slow, and well": World(deployment=Deployment(delay=0.5), inngest=Inngest(delay=0.5), vercel=Vercel(delay=0.5)),
    "a preview without crons": World(name="preview", vercel=Vercel(crons=None)),
    "a staging environment": World(name="staging", table={"inngest_env": "staging"}, inngest=Inngest(environments={"staging": False})),
    "an environment of the project's own": World(name="staging", vercel=Vercel(variables={name: {"target": [], "customEnvironmentIds": ["env_1"]} for name in NAMES})),
    "variables of a branch": World(name="preview", vercel=Vercel(variables={name: {"target": ["preview"], "gitBranch": "x"} for name in NAMES})),
    "entries that the dispatcher answers": World(files={"vercel.json": json.dumps({"crons": DISPATCHED})}, vercel=Vercel(crons=DISPATCHED)),
    "claims in a file": World(environ={"CRONSHIFT_CLAIMS_URL": "sqlite"}),
    "a development machine": World(name="development", deployment=Deployment(is_production=False), environ=DEV, inngest=Inngest(tokens={""}), vercel=Vercel(variables={name: ["development"] for name in NAMES})),
    "a plan that is large enough": World(table={"inngest_plan": "pro"}),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_what_is_well_is_no_alarm(see: Callable[[World], Seen], name: str) -> None:
    seen = see(HEALTHY[name])
    assert seen.bad == []
    assert seen.diagnosis.is_well
    assert seen.seconds < 5


def test_there_are_twenty() -> None:
    assert len(HEALTHY) >= 20


def test_a_machine_without_a_network_knows_nothing_of_the_clouds(
    see: Callable[[World], Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def alone(host: Any, *more: Any, **options: Any) -> Any:
        if host in {"127.0.0.1", "localhost"}:
            return resolve(host, *more, **options)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", alone)
    clouds = {"CRONSHIFT_VERCEL_API": "", "INNGEST_API_BASE_URL": ""}
    seen = see(World(environ=clouds))
    assert [bad.split()[0] for bad in seen.bad] == ["R739"]  # the deployment's is the stand-in
    facts = [seen.diagnosis.fact(code) for code in ("R723", "R731")]
    assert [fact and fact.answer for fact in facts] == [Knowledge.UNKNOWN] * 2


@pytest.mark.parametrize(
    ("serve", "option"), [("app", "--app https://ADDRESS"), ("worker", "--endpoint URL")]
)
def test_what_is_not_linked_is_linked_by_what_tells_most(
    see: Callable[[World], Seen], serve: str, option: str
) -> None:
    files = {"inngest_app/__init__.py": ""} if serve == "app" else {}
    world = World(
        table={"app": None, "endpoint": None},
        is_named_here=False,
        project={"serve": serve},
        files=files,
    )
    linked = see(world).diagnosis.fact("R721")
    assert linked is not None
    assert linked.remedy == f"cronshift link {option}"


def test_what_could_not_be_asked_is_not_good(see: Callable[[World], Seen]) -> None:
    seen = see(HEALTHY["no token for Vercel"])
    fact = seen.diagnosis.fact("R723")
    assert fact is not None
    assert fact.answer is Knowledge.UNKNOWN
    assert seen.diagnosis.fact("R745") is None


def test_a_world_that_is_well_is_known_to_be(see: Callable[[World], Seen]) -> None:
    """All kinds that there are in production are answered, and each of them is good."""
    diagnosis = see(World(environ={"INNGEST_API_KEY": API_KEY})).diagnosis
    answers = {
        item.fact.kind.code: item.fact.answer
        for item in diagnosis.facts
        if item.fact.kind.code.startswith("R7")
    }
    unanswered = {"R730", "R733", "R747"}  # the Python SDK hides it; no environment, no database
    assert set(answers) == {f"R7{number}" for number in range(21, 49)} - unanswered
    unknown = {code for code, answer in answers.items() if answer is not Knowledge.GOOD}
    assert unknown <= {"R738"}  # the version of a server of one's own


def test_every_line_has_its_evidence_and_age(see: Callable[[World], Seen]) -> None:
    text = diagnosis_text(see(World()).diagnosis, datetime.now(UTC)).plain
    lines = [line for line in text.splitlines() if line.startswith(("✓", "✗", "not known"))]
    assert lines
    assert all("s ago)" in line for line in lines)


def test_a_server_that_tells_only_who_has_the_key_is_asked_with_it(
    see: Callable[[World], Seen],
) -> None:
    refuse = answer({"message": "Unauthorized"}, 401)
    world = World(
        deployment=Deployment(
            before=lambda request: (
                None if "x-inngest-signature" in request.headers else refuse(request)
            )
        ),
        inngest=Inngest(version="1.43.0"),
    )
    seen = see(world)
    fact = seen.diagnosis.fact("R738")
    assert fact is not None
    assert (fact.answer, fact.message[:29]) == (Knowledge.GOOD, "The endpoint runs inngest-py:")


def test_alike_faults_stand_under_one_remedy(see: Callable[[World], Seen]) -> None:
    """A guard that is missing is told of every job, and its remedy once."""
    bare = "from fastapi import FastAPI\napp = FastAPI()\n" + "".join(
        f"@app.get('{path}')\ndef {job}(): ...\n" for job, path in PATHS.items()
    )
    seen = see(World(files={"api/index.py": bare}))
    text = diagnosis_text(seen.diagnosis, datetime.now(UTC)).plain
    assert text.count("✗ R101") == 1
    assert text.count("never asks the guard") == len(CRONS)
    assert text.count("cronshift migrate --fix puts it there") == 1

"""Forty and more faults of a set-up, each injected alone: the true cause comes first."""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.responses import Response
from tests.integration.operating.fakes import (
    LOGIN,
    SSO,
    always,
    answer,
    only,
    page,
    redirect,
    typescript,
)
from tests.integration.operating.stand_ins import (
    API_KEY,
    CRONS,
    EVENT,
    KEY,
    NAMES,
    OTHER_KEY,
    PATHS,
    TOKEN,
    Deployment,
    Inngest,
    Vercel,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.operating.conftest import Seen

SECRETS = (EVENT, TOKEN, API_KEY, *(key.rpartition("-")[2] for key in (KEY, OTHER_KEY)))
DEAD = "http://127.0.0.1:9"
OFF = timedelta(minutes=12)
ENTRIES = [{"path": PATHS[job], "schedule": text} for job, text in CRONS.items()]
SESSIONS = """
[sessions]
database_url_env = "DATABASE_URL"
table = "renders"
id = "id"
user = "owner_id"
status = "state"
created = "made_at"
queued = "queued"
processing = ["drawing"]
finished = "done"
failed = "failed"
cost = { constant = 1 }

[sessions.credits]
table = "owners"
id = "id"
balance = "coins"
"""


def set_for(*targets: str, **other: list[str]) -> dict[str, list[str]]:
    """Return the variables, all set for the targets but for those that are told otherwise."""
    return {**{name: list(targets) for name in NAMES}, **other}


def without(name: str) -> dict[str, list[str]]:
    return {key: ["production"] for key in NAMES if key != name}


def deployed(**options: object) -> World:
    """Return a world whose endpoint is the app's own, in TypeScript's way."""
    return World(deployment=Deployment(replaced=typescript(**options)))  # type: ignore[arg-type] # of fakes


def before(chosen: object) -> World:
    return World(deployment=Deployment(before=chosen))


MIDDLEWARE = """\
import { NextResponse } from "next/server";
export function middleware() { return NextResponse.redirect("https://shop.example.com/login"); }
export const config = { matcher: ["/api/inngest"] };
"""
NEXT = {
    "package.json": json.dumps(
        {"name": "shop", "dependencies": {"next": "16.0.0", "inngest": "4.24.0"}}
    ),
    "requirements.txt": "",
    "api/index.py": "",
    **{
        f"app{path}/route.ts": "export function GET() { return new Response(); }\n"
        for path in PATHS.values()
    },
}

FAULTS: dict[str, tuple[World, str]] = {
    # The endpoint is not reached
    "nothing listens": (World(endpoint=f"{DEAD}/api/inngest"), "R725"),
    "it hangs": (World(deployment=Deployment(delay=6)), "R725"),
    "it speaks no TLS": (World(endpoint="https://127.0.0.1:9/api/inngest"), "R725"),
    "its name is unknown": (World(endpoint="http://no-such-host.invalid/api/inngest"), "R725"),
    "Vercel's login, by a redirect": (before(redirect(SSO)), "R726"),
    "Vercel's login, by a page": (before(page(LOGIN, 401, set_cookie="_vercel_sso_nonce=1")), "R726"),
    "Vercel's firewall": (before(page("no", 403, x_vercel_mitigated="challenge")), "R726"),
    "a login of the app": (before(redirect("/login")), "R727"),
    "a trailing slash": (before(redirect("/api/inngest/", 308)), "R727"),
    "a language": (before(redirect("/en/api/inngest")), "R727"),
    "middleware that says 401": (before(answer({"error": "unauthorized"}, 401)), "R728"),
    "middleware that says 403": (before(page("no", 403)), "R728"),
    "no route there": (before(page("<h1>404</h1>", 404)), "R728"),
    "a page for every path": (before(page("<div id=root>", 200)), "R728"),
    "another method only": (before(only("GET", answer({"detail": "no"}, 405))), "R728"),
    "the app crashes": (before(page("Internal Server Error", 500)), "R728"),
    "the function dies": (before(page("FUNCTION_INVOCATION_FAILED", 500)), "R728"),
    "another API": (before(answer({"hello": "world"})), "R728"),
    # Mode and keys
    "dev mode": (World(deployment=Deployment(is_production=False)), "R729"),
    "dev mode, by a variable of Vercel's": (World(deployment=Deployment(is_production=False), vercel=Vercel(variables=set_for("production", INNGEST_DEV=["production"]))), "R724"),
    "no signing key, in version 4": (before(answer({"code": "internal_server_error"}, 500)), "R730"),
    "no signing key": (deployed(key=None), "R730"),
    "no event key": (deployed(event_key=None), "R730"),
    "no keys, and none in Vercel": (World(deployment=Deployment(replaced=typescript(key=None, event_key=None)), vercel=Vercel(variables={"CRON_SECRET": ["production"]})), "R724"),
    "the keys are set for previews only": (World(deployment=Deployment(replaced=typescript(key=None, event_key=None)), vercel=Vercel(variables=set_for("preview"))), "R724"),
    "the secret is not in Vercel": (World(vercel=Vercel(variables=without("CRON_SECRET"))), "R724"),
    "another key is deployed": (World(deployment=Deployment(key=OTHER_KEY)), "R734"),
    "another key is deployed, in TypeScript": (deployed(key=OTHER_KEY), "R734"),
    "another key is deployed and set here": (World(deployment=Deployment(key=OTHER_KEY), environ={"INNGEST_SIGNING_KEY": OTHER_KEY, "INNGEST_API_KEY": API_KEY}), "R734"),
    "the key was rotated at Inngest": (World(inngest=Inngest(signing_keys=[OTHER_KEY], tokens={API_KEY}), environ={"INNGEST_API_KEY": API_KEY}), "R734"),
    "another event key is deployed": (World(deployment=Deployment(event_key="another")), "R735"),
    "unsigned calls are taken": (deployed(checks=False), "R736"),
    "forged calls are taken": (deployed(checks_key=False), "R736"),
    "no body parser": (deployed(parses=False), "R737"),
    # The SDK and its addresses
    "a version that Inngest refuses": (deployed(version="3.30.0"), "R738"),
    "it registers with another server": (World(deployment=Deployment(api="https://inngest.other.example")), "R739"),
    "it registers another address": (World(deployment=Deployment(serve_origin="https://old.example.com")), "R739"),
    "a function is left out": (World(deployment=Deployment(crons={"nightly": CRONS["nightly"], "mail": CRONS["mail"]})), "R740"),
    "a function has another schedule": (World(deployment=Deployment(crons=CRONS | {"mail": "0 6 * * 1"})), "R740"),
    "another app is served": (World(deployment=Deployment(app_id="other")), "R740"),
    # Inngest
    "Inngest is down": (World(server=DEAD), "R731"),
    "Inngest fails": (World(inngest=Inngest(status=500)), "R731"),
    "Inngest hangs": (World(inngest=Inngest(delay=6)), "R731"),
    "that is no Inngest": (World(inngest=Inngest(body="<h1>It works</h1>")), "R731"),
    "the key here is another one": (World(environ={"INNGEST_SIGNING_KEY": OTHER_KEY}), "R732"),
    "the key here is cut off": (World(environ={"INNGEST_SIGNING_KEY": KEY[:-2]}), "R732"),
    "the API key here is void": (World(environ={"INNGEST_API_KEY": "sk-inn-api-void"}), "R732"),
    "the key here has a line end in it": (World(environ={"INNGEST_SIGNING_KEY": f"{KEY[:20]}\n{KEY[20:]}"}), "R732"),
    "no such environment": (World(table={"inngest_env": "staging"}), "R733"),
    "an archived environment": (World(inngest=Inngest(environments={"production": True}), table={"inngest_env": "production"}), "R733"),
    "never synced": (World(inngest=Inngest(crons={})), "R741"),
    "the newest function was not synced": (World(inngest=Inngest(crons={"nightly": CRONS["nightly"], "hourly": CRONS["hourly"]})), "R742"),
    "a function is archived": (World(inngest=Inngest(archived={"mail"})), "R742"),
    "the old schedule is at Inngest": (World(inngest=Inngest(crons=CRONS | {"nightly": "0 4 * * *"})), "R743"),
    "a paused function": (World(inngest=Inngest(paused={"hourly"})), "R744"),
    # Vercel
    "Vercel is down": (World(vercel_server=DEAD), "R723"),
    "Vercel fails": (World(vercel=Vercel(status=500)), "R723"),
    "Vercel hangs": (World(vercel=Vercel(delay=6)), "R723"),
    "a void token": (World(environ={"VERCEL_TOKEN": "void"}), "R723"),
    "no such project": (World(table={"vercel_project": "prj_2"}), "R723"),
    "another team's project": (World(vercel=Vercel(team="team_1"), table={"vercel_team": "team_2"}), "R723"),
    "crons are switched off": (World(vercel=Vercel(disabled_at=2)), "R745"),
    "crons were switched off after they were on": (World(vercel=Vercel(enabled_at=5, disabled_at=9)), "R745"),
    "an entry was not deployed": (World(vercel=Vercel(crons=ENTRIES[:2])), "R746"),
    "nothing was deployed": (World(vercel=Vercel(crons=None)), "R746"),
    "an entry was made by hand": (World(vercel=Vercel(crons=[*ENTRIES, {"path": "/x", "schedule": "0 1 * * *", "source": "api"}])), "R746"),
    "an older schedule is deployed": (World(vercel=Vercel(crons=[{**ENTRIES[0], "schedule": "0 4 * * *"}, *ENTRIES[1:]])), "R746"),
    "an entry is deployed twice": (World(vercel=Vercel(crons=[*ENTRIES, ENTRIES[0]])), "R746"),
    # Beside both
    "the clock of the endpoint": (World(deployment=Deployment(skew=OFF)), "R722"),
    "the clock of this machine": (World(deployment=Deployment(skew=-OFF), inngest=Inngest(skew=-OFF), vercel=Vercel(skew=-OFF)), "R722"),
    "a database that is down": (World(environ={"CRONSHIFT_CLAIMS_URL": "postgresql+psycopg://u:planted@127.0.0.1:9/d"}), "R747"),
    "a database of another kind": (World(environ={"CRONSHIFT_CLAIMS_URL": "nonsense"}), "R747"),
    "sessions that are not there": (World(toml=SESSIONS, environ={"DATABASE_URL": "sqlite://"}), "R747"),
    "a plan that is too small": (World(table={"inngest_plan": "free"}, files={"vercel.json": json.dumps({"crons": [*ENTRIES[:2], {"path": PATHS["mail"], "schedule": "* * * * *"}]})}, vercel=Vercel(crons=[*ENTRIES[:2], {"path": PATHS["mail"], "schedule": "* * * * *"}]), inngest=Inngest(crons=CRONS | {"mail": "* * * * *"}), deployment=Deployment(crons=CRONS | {"mail": "* * * * *"})), "R748"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_the_true_cause_comes_first(see: Callable[[World], Seen], name: str) -> None:
    world, code = FAULTS[name]
    seen = see(world)
    assert seen.first == code, seen.bad
    assert seen.seconds < 5
    cause = seen.diagnosis.causes[0]
    assert cause.remedy
    assert cause.evidence
    assert not seen.diagnosis.is_well
    shown = json.dumps(seen.diagnosis.to_json())
    assert [secret for secret in (*SECRETS, *world.environ.values()) if secret in shown] == []


def test_there_are_forty() -> None:
    assert len(FAULTS) >= 40


def test_a_name_that_is_not_resolved_in_time_holds_nothing_up(
    see: Callable[[World], Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def slowly(host: str, *more: Any, **options: Any) -> Any:
        if host == "slow.example.com":
            time.sleep(7)
        return resolve(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    seen = see(World(endpoint="http://slow.example.com/api/inngest"))
    assert (seen.first, seen.seconds < 5) == ("R725", True)


def cut_off() -> World:
    """A deployment that hangs up before it answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    with closing(listener):
        return World(endpoint=f"http://127.0.0.1:{listener.getsockname()[1]}/api/inngest")


def test_a_closed_port_is_told(see: Callable[[World], Seen]) -> None:
    assert see(cut_off()).first == "R725"


def test_nothing_but_the_cause_and_what_it_explains_is_bad(see: Callable[[World], Seen]) -> None:
    seen = see(before(redirect("/login")))
    assert [fact.kind.code for fact in seen.diagnosis.causes] == ["R727"]
    unknown = [item for item in seen.diagnosis.facts if item.cause == "R727"]
    assert all(item.fact.kind.code != "R727" for item in unknown)


def test_a_middleware_that_the_files_show_is_the_cause_of_what_is_seen(
    see: Callable[[World], Seen],
) -> None:
    world = before(redirect("https://shop.example.com/login"))
    world.project = {"target": "nextjs"}
    world.files = NEXT | {"middleware.ts": MIDDLEWARE}
    seen = see(world)
    codes = [fact.kind.code for fact in seen.diagnosis.causes]
    assert codes[0] == "R103"
    explained = {item.fact.kind.code: item.cause for item in seen.diagnosis.facts}
    assert explained["R727"] == "R103"


def test_a_hostile_endpoint_steers_nothing(see: Callable[[World], Seen]) -> None:
    nasty = "\x1b[31m" + "x" * 100_000
    seen = see(before(always(lambda: Response(nasty, 200, {"x-inngest-sdk": "inngest-js:v9"}))))
    assert seen.first == "R728"
    assert all(len(fact.message) < 1000 for fact in seen.diagnosis.causes)

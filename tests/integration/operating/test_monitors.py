"""Monitors as code: made once, changed where they differ, with nothing that is secret shown or kept."""

from __future__ import annotations

import asyncio
import json
import os
import tomllib
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from tests.integration.operating.conftest import FILES, write
from tests.integration.operating.conftest import variables as variables_of
from tests.integration.operating.monitor_stand_ins import PING, Services, variables
from tests.integration.operating.stand_ins import Vercel, World, begin, end

from cronshift.cli import run
from cronshift.operations import State, history

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    import uvicorn

    Ask = Callable[..., tuple[int, Any]]
    Stand = Callable[..., Any]

SERVICES = ("better-stack", "healthchecks", "sentry")
NAMES = [
    "BETTERSTACK_API_TOKEN",
    "HEALTHCHECKS_API_KEY",
    "SENTRY_AUTH_TOKEN",
    "SENTRY_ORG",
    "SENTRY_PROJECT",
    "VERCEL_TOKEN",
    "VERCEL_PROJECT_ID",
    "CRONSHIFT_ENV",
]


@contextmanager
def standing(services: Services) -> Iterator[str]:
    with ExitStack() as stack:
        servers: list[uvicorn.Server] = []
        address = begin(services.app(), servers, stack)
        stack.callback(end, servers)
        yield address


@pytest.fixture
def stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Stand:
    """Stand services up, and run the command line in a project beside them."""

    @contextmanager
    def stand_up(services: Services, *named: str, toml: str = "") -> Iterator[Ask]:
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        project = "[project]\napp_id = 'shop'\nserve = 'worker'\n"
        for name, text in (FILES | {"cronshift.toml": project + toml}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        with standing(services) as address:
            for name, value in variables(address, *named).items():
                monkeypatch.setenv(name, value)
            yield asking(tmp_path, capsys)

    return stand_up


def asking(root: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def ask(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = run(["-C", str(root), *words])
        out = capsys.readouterr()
        text = out.out + out.err
        assert "planted" not in text
        for file in (root / ".cronshift").rglob("*.json"):
            assert "planted" not in file.read_text()
        return code, json.loads(out.out) if "--json" in words else text

    return ask


def states(document: Any) -> dict[str, str]:
    return {each["job"]: each["state"] for each in document["monitors"]}


@pytest.mark.parametrize("service", SERVICES)
def test_monitors_are_made_once_and_changed_where_they_differ(
    stand: Stand, tmp_path: Path, service: str
) -> None:
    services = Services()
    with stand(services, service) as cronshift:
        code, document = cronshift("monitors", "list", "--json")
        assert (code, document["service"]) == (1, service)
        assert set(states(document).values()) == {"missing"}
        code, text = cronshift("monitors", "create", "--dry-run")
        assert (code, services.changes) == (0, [])
        assert "shop-nightly" in text
        assert cronshift("monitors", "create")[0] == 2  # nobody to ask
        assert services.changes == []
        assert cronshift("monitors", "create", "--yes", "--json")[0] == 0
        assert sorted(services.changes) == [
            ("make", "shop-hourly"),
            ("make", "shop-mail"),
            ("make", "shop-nightly"),
        ]
        services.changes.clear()
        code, text = cronshift("monitors", "create", "--yes")
        assert (code, services.changes) == (0, [])
        assert "Every monitor is there" in text
        assert cronshift("monitors", "list")[0] == 0
        code, document = cronshift("monitors", "list", "--grace", "2h", "--json")
        assert (code, set(states(document).values())) == (1, {"differs"})
        assert cronshift("monitors", "create", "mail", "--grace", "2h", "--yes")[0] == 0
        assert services.changes == [("change", "shop-mail")]
    settings = tomllib.loads((tmp_path / "cronshift.toml").read_text())
    assert settings["jobs"]["nightly"] == {"heartbeat": "HEARTBEAT_NIGHTLY"}
    assert [operation.state for operation in history(tmp_path)] == [State.APPLIED] * 2


def test_each_service_is_told_the_schedule_in_its_own_words(stand: Stand) -> None:
    services = Services()
    zoned = "[jobs.mail]\nschedule = 'TZ=America/New_York 30 2 * * *'\n"
    with stand(services, *SERVICES, toml=zoned) as cronshift:
        for service in SERVICES:
            assert cronshift("monitors", "create", "--yes", "--service", service)[0] == 0
    by_name = {beat["name"]: beat for beat in services.heartbeats.values()}
    assert (by_name["shop-nightly"]["period"], by_name["shop-nightly"]["grace"]) == (86_400, 1_800)
    assert by_name["shop-mail"]["period"] == 47 * 3_600  # in spring one day has none
    nightly = services.checks["shop-nightly"]
    assert (nightly["schedule"], nightly["tz"], nightly["grace"]) == ("0 3 * * *", "UTC", 1_800)
    assert nightly["channels"] == "*"  # a check without channels tells nobody
    assert services.checks["shop-mail"]["timeout"] == 47 * 3_600
    config = services.monitors["shop-nightly"]["config"]
    assert config["schedule_type"] == "crontab"
    assert (config["schedule"], config["timezone"]) == ("0 3 * * *", "UTC")
    assert (config["checkin_margin"], config["max_runtime"]) == (30, 30)
    assert services.monitors["shop-mail"]["config"]["schedule"] == [47 * 60, "minute"]


def test_what_a_person_has_set_at_a_check_stays(stand: Stand) -> None:
    check = {"slug": "shop-mail", "uuid": "id-shop-mail", "ping_url": f"{PING}/shop-mail"}
    check |= {"timeout": 60, "grace": 60, "channels": "one", "tags": "mine"}  # type: ignore[dict-item]
    services = Services(checks={"shop-mail": check})
    with stand(services, "healthchecks") as cronshift:
        assert cronshift("monitors", "create", "mail", "--yes")[0] == 0
    changed = services.checks["shop-mail"]
    assert (changed["channels"], changed["tags"], changed["grace"]) == ("one", "mine", 1_800)
    assert (changed["schedule"], "timeout" in changed) == ("30 6 * * 1", False)


def test_an_address_goes_into_its_variable_at_vercel_unless_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    vercel = Vercel()
    vercel.variables["HEARTBEAT_MAIL"] = ["production"]
    services = Services()
    for name in (*NAMES, "INNGEST_DEV"):
        monkeypatch.delenv(name, raising=False)
    with World(vercel=vercel, project={"serve": "app"}).standing() as servers:
        world = World(vercel=vercel, project={"serve": "app"})
        write(tmp_path, world, servers)
        with standing(services) as address:
            environ = variables_of(world, servers) | variables(address, "healthchecks")
            for name, value in environ.items():
                monkeypatch.setenv(name, value)
            cronshift = asking(tmp_path, capsys)
            _, text = cronshift("monitors", "create", "--dry-run")
            assert "its address into HEARTBEAT_NIGHTLY of prj_1 at Vercel, for production" in text
            assert vercel.changes == []
            assert cronshift("monitors", "create", "--yes")[0] == 0
    values = {body["key"]: body["value"] for _, body in vercel.changes}
    assert values == {
        "HEARTBEAT_NIGHTLY": f"{PING}/shop-nightly",
        "HEARTBEAT_HOURLY": f"{PING}/shop-hourly",
    }


def test_setup_makes_the_monitors_of_the_jobs_that_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    services = Services()
    for name in (*NAMES, "INNGEST_DEV", "CRONSHIFT_CLAIMS_URL"):
        monkeypatch.delenv(name, raising=False)
    world = World(toml='\n[jobs.mail]\nheartbeat = "MINE"\n')
    with world.standing() as servers, standing(services) as address:
        write(tmp_path, world, servers)
        environ = variables_of(world, servers) | variables(address, "healthchecks")
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        cronshift = asking(tmp_path, capsys)
        _, text = cronshift("setup", "--dry-run")
        assert "shop-nightly at healthchecks, for nightly" in text
        assert services.changes == []
        _, document = cronshift("setup", "--yes", "--json")
        assert document["operation"]
        assert [name for _, name in services.changes] == ["shop-nightly", "shop-hourly"]
        _, document = cronshift("setup", "--check", "--json")
    (step,) = [step for step in document["steps"] if step["name"] == "heartbeats"]
    assert step["state"] == "done"


async def endless() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0)  # so that the server notices that its peer has left
        yield b'{"checks": [' + b" " * 65_536


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (JSONResponse({"error": {"message": "down"}}, 503), "answered 503: down"),
        (Response("<html>", 200), "otherwise than its documentation says"),
        (Response("[" * 100_000, 200), "otherwise than its documentation says"),
        (RedirectResponse("http://127.0.0.1:9/planted"), "answered 307"),
        (JSONResponse({"checks": 4, "data": 4}, 200), "otherwise than its documentation says"),
    ],
)
def test_a_service_that_is_down_or_hostile_ends_in_a_sentence(
    stand: Stand, tmp_path: Path, service: str, answer: Response, words: str
) -> None:
    with stand(Services(before=answer), service) as cronshift:
        code, text = cronshift("monitors", "create", "--yes")
    assert code == 2
    assert words in " ".join(text.split())
    assert history(tmp_path) == []


def test_an_answer_without_an_end_is_cut_off(stand: Stand) -> None:
    with stand(Services(before=StreamingResponse(endless())), "healthchecks") as cronshift:
        code, text = cronshift("monitors", "list")
    assert code == 2
    assert "otherwise than its documentation says" in " ".join(text.split())


def test_without_a_token_nothing_is_said_of_a_service(stand: Stand) -> None:
    with stand(Services()) as cronshift:
        code, document = cronshift("monitors", "list", "--json")
        assert (code, document["service"]) == (0, None)
        assert set(states(document).values()) == {"not-known"}
        code, text = cronshift("monitors", "create", "--yes", "--service", "sentry")
        assert code == 2
        assert "SENTRY_AUTH_TOKEN is not set" in text
        code, text = cronshift("monitors", "create", "--yes")
        assert code == 2
        assert "Name the service" in text
        assert "no job 'mial'" in cronshift("monitors", "list", "mial")[1]


HEALTHCHECKS = os.environ.get("CRONSHIFT_TEST_HEALTHCHECKS", "")
"""The address of a real server's API, and a project's key behind a space."""


@pytest.mark.skipif(not HEALTHCHECKS, reason="CRONSHIFT_TEST_HEALTHCHECKS is not set")
def test_a_real_healthchecks_takes_the_monitors_and_the_pings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cronshift.runtime import JobSpec, pinging
    from cronshift.runtime.pinging import Signal

    address, key = HEALTHCHECKS.split()
    for name, text in (FILES | {"cronshift.toml": "[project]\napp_id = 'shop'\n"}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CRONSHIFT_HEALTHCHECKS_API", address)
    monkeypatch.setenv("HEALTHCHECKS_API_KEY", key)
    cronshift = asking(tmp_path, capsys)
    assert cronshift("monitors", "create", "--yes")[0] == 0
    assert cronshift("monitors", "list")[0] == 0
    assert cronshift("monitors", "create", "hourly", "--grace", "1h", "--yes")[0] == 0
    checks = httpx.get(f"{address}/checks/", headers={"x-api-key": key}).json()["checks"]
    by_slug = {check["slug"]: check for check in checks}
    nightly = by_slug["shop-nightly"]
    assert (nightly["schedule"], nightly["tz"], nightly["grace"]) == ("0 3 * * *", "UTC", 1800)
    assert by_slug["shop-hourly"]["grace"] == 3600

    monkeypatch.setenv("MONITOR", nightly["ping_url"])
    spec = JobSpec(id="nightly", path="/x", schedule="0 3 * * *", heartbeat_env="MONITOR")

    async def run_of_a_job() -> list[str]:
        await pinging.begin(spec, "01M8EEF3JTNMEAQHZQ4RXVZ310")
        first = await pinging.end(spec, Signal.SUCCESS, "01M8EEF3JTNMEAQHZQ4RXVZ310")
        return [first, await pinging.end(spec, Signal.FAILURE, "01M8EEF3JTNMEAQHZQ4RXVZ311")]

    assert asyncio.run(run_of_a_job()) == ["sent, answered 200"] * 2
    pings = httpx.get(
        f"{address}/checks/{nightly['uuid']}/pings/", headers={"x-api-key": key}
    ).json()["pings"]
    assert [ping["type"] for ping in pings[:3]] == ["fail", "success", "start"]
    assert pings[1]["rid"] == pings[2]["rid"]
    assert pings[1]["duration"] >= 0

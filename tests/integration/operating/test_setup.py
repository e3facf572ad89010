"""The checklist of a set-up: its state, the operation that does what a token lets it do, its record."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.operating.conftest import variables, write
from tests.integration.operating.fakes import LOGIN, page, typescript
from tests.integration.operating.stand_ins import EVENT, Deployment, Inngest, Vercel, World

from cronshift.cli import run
from cronshift.operations import State, history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Ask = Callable[..., tuple[int, Any]]

SECRET = "planted-cron-secret"
HERE = {"INNGEST_EVENT_KEY": EVENT, "CRON_SECRET": SECRET}


@pytest.fixture
def stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[World], Any]:
    """Stand a world up, and run the command line in it."""

    @contextmanager
    def standing(world: World) -> Iterator[Ask]:
        for name in (
            "INNGEST_DEV",
            "CRONSHIFT_CLAIMS_URL",
            "CRONSHIFT_ENV",
            "CRONSHIFT_ENDPOINT",
            "INNGEST_API_KEY",
            "VERCEL_PROJECT_ID",
            "VERCEL_TEAM_ID",
        ):
            monkeypatch.delenv(name, raising=False)
        with world.standing() as servers:
            write(tmp_path, world, servers)
            for name, value in variables(world, servers).items():
                monkeypatch.setenv(name, value)

            def ask(*words: str) -> tuple[int, Any]:
                capsys.readouterr()
                code = run(["-C", str(tmp_path), *words])
                out = capsys.readouterr()
                text = out.out + out.err
                for secret in ("planted", "00112233445566778899"):
                    assert secret not in text
                return code, json.loads(out.out) if "--json" in words else text

            yield ask

    return standing


def states(document: Any) -> dict[str, str]:
    return {step["name"]: step["state"] for step in document["steps"]}


def test_what_is_missing_at_vercel_is_shown_and_set_for_its_target(
    stand: Callable[[World], Any], tmp_path: Path
) -> None:
    vercel = Vercel(variables={"CRON_SECRET": ["preview"], "OTHER": ["production"]})
    keyless = Deployment(replaced=typescript(key=None, event_key=None))
    with stand(World(vercel=vercel, environ=HERE, deployment=keyless)) as cronshift:
        code, text = cronshift("setup", "--dry-run")
        assert (code, vercel.changes) == (0, [])
        assert "CRON_SECRET of prj_1 at Vercel, for production, to its value here" in text
        assert cronshift("setup")[0] == 2  # nobody to ask
        assert vercel.changes == []
        code, document = cronshift("setup", "--yes", "--json")
        assert code == 0
        assert states(document)["variables"] == "to-do"
    set_there = {body["key"]: body for _, body in vercel.changes}
    assert set(set_there) == {"CRON_SECRET", "INNGEST_SIGNING_KEY", "INNGEST_EVENT_KEY"}
    assert all(body["target"] == ["production"] for body in set_there.values())
    assert all(body["type"] == "sensitive" for body in set_there.values())
    assert set_there["CRON_SECRET"]["value"] == SECRET
    (operation,) = history(tmp_path)
    assert (operation.intent, operation.state) == ("setup", State.APPLIED)
    for file in (tmp_path / ".cronshift").rglob("*.json"):
        assert "planted" not in file.read_text()


def test_what_is_not_set_here_is_told_and_not_guessed(stand: Callable[[World], Any]) -> None:
    vercel = Vercel(
        variables={"INNGEST_SIGNING_KEY": ["production"], "INNGEST_EVENT_KEY": "production"}
    )
    with stand(World(vercel=vercel)) as cronshift:
        code, text = cronshift("setup", "--yes")
    assert code == 0
    assert "vercel env add CRON_SECRET production" in text
    assert vercel.changes == []


def test_a_protection_is_passed_by_a_bypass_that_is_made_once(
    stand: Callable[[World], Any],
) -> None:
    vercel = Vercel()
    protected = Deployment(before=page(LOGIN, 401, set_cookie="_vercel_sso_nonce=1"))
    with stand(World(vercel=vercel, deployment=protected)) as cronshift:
        cronshift("setup", "--yes")
        cronshift("setup", "--yes")
    assert vercel.changes == [("bypass", None)]


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({"id": "01", "status": "success"}, 0),
        ({"id": "01", "status": "duplicate"}, 0),
        (
            {
                "id": "01",
                "status": "error",
                "error": {"code": "unreachable", "message": "no route"},
            },
            1,
        ),
        ({"id": "01", "status": "success", "error": {"code": "x", "message": "no route"}}, 1),
    ],
)
def test_a_sync_is_done_and_its_result_read(
    stand: Callable[[World], Any], tmp_path: Path, result: dict[str, Any], code: int
) -> None:
    inngest = Inngest(crons={}, sync=result)
    with stand(World(inngest=inngest)) as cronshift:
        answer, text = cronshift("setup", "--yes")
    assert answer == code
    ((app, body),) = inngest.synced
    assert (app, body["url"].rpartition("/api/")[2]) == ("shop", "inngest")
    (operation,) = history(tmp_path)
    assert operation.state is (State.ABANDONED if code else State.APPLIED)
    assert ("no route" in text) is bool(code)


def test_inngest_is_told_no_endpoint_that_only_a_commit_names(
    stand: Callable[[World], Any],
) -> None:
    inngest = Inngest(crons={})
    with stand(World(inngest=inngest, is_named_here=False)) as cronshift:
        code, text = cronshift("setup", "--yes")
    assert (code, inngest.synced) == (0, [])
    assert "cronshift sync" in text


def test_no_value_goes_to_a_vercel_project_that_only_a_commit_names(
    stand: Callable[[World], Any],
) -> None:
    vercel = Vercel(variables={})
    keyless = Deployment(replaced=typescript(key=None, event_key=None))
    world = World(vercel=vercel, environ=HERE, deployment=keyless, is_named_here=False)
    with stand(world) as cronshift:
        code, document = cronshift("setup", "--yes", "--json")
    assert (code, vercel.changes) == (0, [])
    assert states(document)["variables"] == "to-do"


def test_a_server_of_ones_own_is_synced_by_its_endpoint(stand: Callable[[World], Any]) -> None:
    inngest = Inngest(crons={}, is_own_server=True)
    with stand(World(inngest=inngest)) as cronshift:
        code, text = cronshift("setup", "--yes")
    assert (code, inngest.synced) == (0, [])
    assert "cronshift sync" in text


def test_nothing_is_taken_over_that_a_failure_left_half_done(
    stand: Callable[[World], Any], tmp_path: Path
) -> None:
    vercel = Vercel(variables={}, refuses=frozenset({"INNGEST_SIGNING_KEY"}))
    keyless = Deployment(replaced=typescript(key=None, event_key=None))
    with stand(World(vercel=vercel, environ=HERE, deployment=keyless)) as cronshift:
        code, text = cronshift("setup", "--yes")
        assert code == 2
        assert "Vercel answered 400" in text
        assert history(tmp_path)[-1].state is State.ABANDONED
        vercel.refuses = frozenset()
        assert cronshift("setup", "--yes")[0] == 0
    names = [body["key"] for _, body in vercel.changes]
    assert sorted(names) == ["CRON_SECRET", "INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"]


def test_an_operation_that_somebody_else_made_calls_nobody(
    stand: Callable[[World], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kept plan of a repository would set a variable with this user's token."""
    vercel = Vercel(variables={})
    keyless = Deployment(replaced=typescript(key=None, event_key=None))
    with stand(World(vercel=vercel, environ=HERE, deployment=keyless)) as cronshift:
        cronshift("setup", "--yes")
        (file,) = (tmp_path / ".cronshift/operations").glob("*.json")
        document = json.loads(file.read_text())
        document |= {"id": "01M8E7Q016Y9K2EMV2YQY9Z2GR"}
        del document["hmac"]
        (tmp_path / "plan.json").write_text(json.dumps(document))
        vercel.changes.clear()
        code, text = cronshift(
            "apply", str(tmp_path / "plan.json"), "--yes", "--operation", document["id"]
        )
    assert code == 3, text
    assert "you did not make it here" in text
    assert vercel.changes == []


def test_a_colleague_sees_what_is_done_by_whom(
    stand: Callable[[World], Any], tmp_path: Path
) -> None:
    with stand(World()) as cronshift:
        code, text = cronshift("setup", "--check")
        assert code == 1
        assert not (tmp_path / ".cronshift").exists()  # a check changes nothing
        assert "cronshift setup --done alerts" in text
        cronshift("setup")
        for step in ("alerts", "dashboard", "logs", "limits", "heartbeats"):
            assert cronshift("setup", "--done", step)[0] == 0
        record = json.loads((tmp_path / ".cronshift/setup/production.json").read_text())
        assert record["steps"]["alerts"]["by_word"] is True
        assert record["steps"]["sync"]["by_word"] is False
        _, document = cronshift("setup", "--check", "--json")
        alerts = next(step for step in document["steps"] if step["name"] == "alerts")
        assert "@" in alerts["by"]
        left = {name: state for name, state in states(document).items() if state != "done"}
        assert left == {"functions": "not-known"}  # the version of a server of one's own
        assert cronshift("setup", "--done", "functions")[0] == 0
        assert cronshift("setup", "--check")[0] == 0


def test_what_is_known_bad_cannot_be_said_to_be_done(stand: Callable[[World], Any]) -> None:
    with stand(World(inngest=Inngest(paused={"mail"}))) as cronshift:
        cronshift("setup", "--done", "running")
        _, document = cronshift("setup", "--check", "--json")
    assert states(document)["running"] == "to-do"
    with stand(World()) as cronshift:
        assert "There is no step" in cronshift("setup", "--done", "everything")[1]


def test_without_tokens_nothing_is_taken_for_done(stand: Callable[[World], Any]) -> None:
    with stand(World(environ={"VERCEL_TOKEN": "", "INNGEST_SIGNING_KEY": ""})) as cronshift:
        code, document = cronshift("setup", "--check", "--json")
    assert code == 1
    there = states(document)
    unknown = {"vercel", "variables", "account", "keys", "sync", "running", "crons"}
    assert {name for name in unknown if there[name] == "done"} == set()
    assert all(step["how"] for step in document["steps"] if step["state"] != "done")


def test_a_broken_record_is_told(stand: Callable[[World], Any], tmp_path: Path) -> None:
    (tmp_path / ".cronshift/setup").mkdir(parents=True)
    (tmp_path / ".cronshift/setup/production.json").write_text("{")
    with stand(World()) as cronshift:
        code, text = cronshift("setup", "--check")
    assert code == 3
    assert "no record of a set-up" in text

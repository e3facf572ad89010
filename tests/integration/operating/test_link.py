"""Where an environment is: written down once, and taken by every later command."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, Request, Response
from tests.integration.operating.conftest import FILES
from tests.integration.sockets import serving

from cronshift.cli import run
from cronshift.operations import history
from cronshift.project.environments import VercelTarget, environment_named
from cronshift.project.settings import parse_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask = Callable[..., tuple[int, Any]]

ADDRESS = "https://shop.example.com"
VARIABLES = (
    "CRONSHIFT_ENDPOINT",
    "CRONSHIFT_BASE_URL",
    "CRONSHIFT_ENV",
    "CRON_SECRET",
    "EDGE_CONFIG_ID",
    "INNGEST_DEV",
    "INNGEST_SIGNING_KEY",
    "VERCEL_TEAM_ID",
    "VERCEL_TOKEN",
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def cronshift(root: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def ask(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = run(["-C", str(root), *words])
        out = capsys.readouterr()
        return code, json.loads(out.out) if "--json" in words else out.out + out.err

    return ask


def settings(root: Path) -> Any:
    return tomllib.loads((root / "cronshift.toml").read_text())["environments"]


def test_what_vercel_link_wrote_is_taken_over(root: Path, cronshift: Ask) -> None:
    (root / ".vercel").mkdir()
    (root / ".vercel/project.json").write_text('{"projectId": "prj_1", "orgId": "team_1"}')
    (root / "cronshift.toml").write_text('[project]\nserve = "worker"\n')
    code, text = cronshift("link", "--app", ADDRESS, "--yes")
    assert code == 0
    assert settings(root) == {
        "production": {"app": ADDRESS, "vercel_project": "prj_1", "vercel_team": "team_1"}
    }
    assert ".vercel/project.json" in text
    assert "--endpoint URL" in text  # a worker serves the functions: nobody here knows where
    assert [operation.intent for operation in history(root)] == ["link"]


def test_a_personal_account_has_no_team(root: Path, cronshift: Ask) -> None:
    (root / ".vercel").mkdir()
    (root / ".vercel/project.json").write_text('{"projectId": "prj_1", "orgId": "abcDEF"}')
    cronshift("link", "--yes")
    assert settings(root)["production"] == {"vercel_project": "prj_1"}


def test_a_repository_that_is_linked_as_a_whole_names_each_project(
    root: Path, cronshift: Ask
) -> None:
    (root / ".vercel").mkdir()
    projects = [
        {"id": "prj_other", "directory": "apps/other"},
        {"id": "prj_here", "directory": ".", "orgId": "team_9"},
    ]
    (root / ".vercel/repo.json").write_text(json.dumps({"projects": projects, "orgId": "team_1"}))
    cronshift("link", "--yes")
    assert settings(root)["production"] == {"vercel_project": "prj_here", "vercel_team": "team_9"}


@pytest.mark.parametrize("text", ["[]", "{", '{"projectId": 7}', '{"projectId": "../../x y"}'])
def test_a_broken_link_of_vercels_is_passed_over(root: Path, cronshift: Ask, text: str) -> None:
    (root / ".vercel").mkdir()
    (root / ".vercel/project.json").write_text(text)
    assert cronshift("link", "--app", ADDRESS, "--yes")[0] == 0
    assert settings(root)["production"].keys() == {"app", "endpoint"}


def test_an_app_that_serves_itself_has_its_endpoint(root: Path, cronshift: Ask) -> None:
    (root / "app/api/cron/nightly").mkdir(parents=True)
    (root / "app/api/cron/nightly/route.ts").write_text("export function GET() {}\n")
    (root / "package.json").write_text('{"dependencies": {"next": "16.0.0", "inngest": "4.24.0"}}')
    (root / "cronshift.toml").write_text('[project]\ntarget = "nextjs"\n')
    cronshift("link", "--app", f"{ADDRESS}/", "--yes")
    assert settings(root)["production"]["endpoint"] == f"{ADDRESS}/api/inngest"


def test_linking_again_changes_what_is_named_and_nothing_else(root: Path, cronshift: Ask) -> None:
    (root / "cronshift.toml").write_text(
        f'# mine\n[environments.production]\napp = "{ADDRESS}" # x\n'
    )
    cronshift("link", "--endpoint", f"{ADDRESS}/api/inngest", "--yes")
    cronshift("link", "--env", "staging", "--app", "https://staging.example.com", "--yes")
    text = (root / "cronshift.toml").read_text()
    assert text.startswith(f'# mine\n[environments.production]\napp = "{ADDRESS}" # x\n')
    assert list(settings(root)) == ["production", "staging"]
    code, text = cronshift("link", "--app", ADDRESS, "--yes")
    assert (code, "nothing was changed" in text) == (0, True)


def test_it_is_shown_first_and_can_be_taken_back(root: Path, cronshift: Ask) -> None:
    code, text = cronshift("link", "--app", ADDRESS, "--dry-run")
    assert code == 0
    assert f'+app = "{ADDRESS}"' in text
    assert not (root / "cronshift.toml").exists()
    assert cronshift("link", "--app", ADDRESS)[0] == 2  # nobody to ask


def test_variables_are_told_by_name_and_no_value_is_kept(root: Path, cronshift: Ask) -> None:
    (root / ".env.local").write_text("CRON_SECRET=planted\nEMPTY=\n")
    _, document = cronshift("link", "--app", ADDRESS, "--yes", "--json")
    assert "CRON_SECRET" in document["variables"]
    assert "EMPTY" not in document["variables"]
    assert "planted" not in json.dumps(document) + (root / "cronshift.toml").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--app", "shop.example.com"), "app` is 'shop.example.com', which is not an address"),
        (("--app", "https://u:p@shop.example.com"), "which is not an address"),
        (("--env", "My Env", "--app", ADDRESS), "lower-case words"),
        (("--vercel-target", "staging"), "must be production, preview or development"),
        (("--inngest-plan", "huge"), "must be free, pro or business"),
        (("--vercel-project", "a/b"), "the id of a Vercel project"),
        (("--inngest-env", "a\nb"), "the name of an Inngest environment"),
    ],
)
def test_a_wrong_value_is_told_in_words(
    root: Path, cronshift: Ask, words: tuple[str, ...], said: str
) -> None:
    code, text = cronshift("link", *words, "--yes")
    assert code == 2
    assert said in text
    assert not (root / "cronshift.toml").exists()


def test_what_vercel_calls_an_environment_follows_from_its_name() -> None:
    text = "[environments.production]\n[environments.staging]\n[environments.development]\n"
    text += '[environments.live]\nvercel_target = "production"\n'
    environments = parse_settings(text).environments
    assert {name: environment.vercel_target for name, environment in environments.items()} == {
        "production": VercelTarget.PRODUCTION,
        "staging": VercelTarget.PREVIEW,
        "development": VercelTarget.DEVELOPMENT,
        "live": VercelTarget.PRODUCTION,
    }
    assert environment_named({}, None).app is None


@pytest.mark.parametrize(
    "words",
    [
        ("doctor",),
        ("status", "--live"),
        ("sync",),
        ("validate",),
        ("run", "nightly"),
        ("flags", "push"),
    ],
)
def test_an_environment_that_nobody_linked_is_told(cronshift: Ask, words: tuple[str, ...]) -> None:
    code, text = cronshift(*words, "--env", "nowhere")
    assert code == 2
    assert "cronshift link --env nowhere" in text


def sdk(asked: list[str]) -> FastAPI:
    """Answer as an endpoint in dev mode, and as an app that holds no file."""
    app = FastAPI()
    named = {"x-inngest-sdk": "inngest-js:v4.24.0"}

    @app.put("/api/inngest")
    def register(response: Response) -> dict[str, Any]:
        asked.append("sync")
        response.headers.update(named)
        return {
            "message": "Successfully registered",
            "modified": True,
            "functions": [],
            "app_id": "x",
        }

    @app.get("/api/inngest")
    def introspect(response: Response) -> dict[str, Any]:
        asked.append("introspect")
        response.headers.update(named)
        return {"mode": "dev", "function_count": 3, "has_signing_key": False}

    @app.options("/{path:path}")
    def tell(path: str) -> dict[str, Any]:
        asked.append(path)
        return {"ownership": None}

    @app.patch("/v1/edge-config/{store}/items")
    def write(store: str, teamId: str | None = None) -> dict[str, str]:  # noqa: N803 - Vercel's name
        asked.append(f"{store} {teamId}")
        return {"status": "ok"}

    @app.get("/api/cron/{job}")
    def work(job: str) -> dict[str, bool]:
        asked.append(job)
        return {"ok": True}

    return app


@pytest.mark.parametrize("env", [None, "staging"])
def test_later_commands_take_the_addresses(
    root: Path, cronshift: Ask, monkeypatch: pytest.MonkeyPatch, env: str | None
) -> None:
    asked: list[str] = []
    named = ("--env", env) if env else ()
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    monkeypatch.setenv("INNGEST_DEV", "1")
    monkeypatch.setenv("VERCEL_TOKEN", "only-here")
    with serving(sdk(asked)) as url:
        monkeypatch.setenv("CRONSHIFT_VERCEL_API", url)
        where = ("--app", url, "--endpoint", f"{url}/api/inngest", "--vercel-team", "team_1")
        cronshift("link", *named, *where, "--edge-config", "ecfg_1", "--yes")
        assert cronshift("sync", *named)[0] == 0
        assert asked.pop() == "sync"
        _, document = cronshift("status", "--live", "--json", *named)
        assert [side["answer"] for side in document["live"]] == ["no-file", "no-file"]
        cronshift("validate", "--json", "--env", env or "production")
        assert "introspect" in asked
        assert cronshift("flags", "push", "--yes", *named)[0] == 0
        assert asked.pop() == "ecfg_1 team_1"
        toml = root / "cronshift.toml"
        toml.write_text(toml.read_text() + '\n[jobs.nightly]\nmode = "bridge"\n')
        monkeypatch.delenv("CRONSHIFT_BASE_URL", raising=False)
        code, text = cronshift("run", "nightly", *named)
        assert (code, asked.pop()) == (0, "nightly")
        assert ("linked as production" in text) is (env is None)


def test_a_named_environment_wins_over_a_variable_and_an_option_over_both(
    cronshift: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    dead = "http://127.0.0.1:9/api/inngest"
    with serving(sdk(asked)) as url:
        monkeypatch.setenv("CRONSHIFT_ENDPOINT", f"{url}/api/inngest")
        cronshift("link", "--env", "staging", "--endpoint", dead, "--yes")
        cronshift("link", "--endpoint", dead, "--yes")
        assert cronshift("sync")[0] == 0  # a variable wins over what is only linked
        assert cronshift("sync", "--env", "staging")[0] != 0
        assert cronshift("sync", "--env", "staging", "--endpoint", f"{url}/api/inngest")[0] == 0


SECRETS = {
    "CRON_SECRET": "planted-bearer",
    "VERCEL_AUTOMATION_BYPASS_SECRET": "planted-bypass",
    "INNGEST_SIGNING_KEY": "signkey-test-0123456789abcdef0123456789abcdef",
}


def listening(heard: list[str]) -> FastAPI:
    """Answer as an endpoint in dev mode, and write down all that was sent."""
    app = sdk([])

    @app.middleware("http")
    async def hear(request: Request, answer: Callable[[Request], Any]) -> Any:
        heard.append(f"{request.url} {request.headers} {await request.body()!r}")
        return await answer(request)

    return app


@pytest.mark.parametrize(
    "by", ["a commit", "bridge", "this user", "a variable", "the command line"]
)
@pytest.mark.parametrize("words", [("status", "--live"), ("sync",), ("validate",)])
def test_no_secret_goes_to_an_address_that_only_a_commit_has_named(
    root: Path, cronshift: Ask, monkeypatch: pytest.MonkeyPatch, by: str, words: tuple[str, ...]
) -> None:
    heard: list[str] = []
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with serving(listening(heard)) as url:
        endpoint = f"{url}/api/inngest"
        if by == "this user":
            cronshift("link", "--app", url, "--endpoint", endpoint, "--yes")
        else:
            written = f'[environments.production]\nendpoint = "{endpoint}"\n'
            written += f'app = "{url}"\n' if by != "bridge" else f'[bridge]\nbase_url = "{url}"\n'
            (root / "cronshift.toml").write_text(written)
        if by == "a variable":
            monkeypatch.setenv("CRONSHIFT_ENDPOINT", endpoint)
        typed: tuple[str, ...] = ("--endpoint", endpoint) if by == "the command line" else ()
        typed += ("--env", "production") if words == ("validate",) else ()
        _, output = cronshift(*words, *typed)
    is_foreign = by in {"a commit", "bridge"}
    assert heard
    assert any("planted-" in each for each in heard) is not is_foreign
    assert not any("0123456789abcdef0123456789abcdef" in each for each in heard)
    if words[0] == "status":
        assert (f"Only a commit names {url}" in output) is is_foreign

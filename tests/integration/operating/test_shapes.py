"""The stand-ins answer in the shapes that Inngest publishes, and the clients read them."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest
from tests.integration.operating.conftest import FILES, write
from tests.integration.operating.fakes import LOGIN, page
from tests.integration.operating.stand_ins import (
    APP,
    CRONS,
    KEY,
    Deployment,
    Inngest,
    Standing,
    Vercel,
    World,
    begin,
    end,
)

from cronshift.operations import ChangeKind, Edit, Intent, apply, build_operation
from cronshift.operations.services.api import ApiError, ApiProblem
from cronshift.operations.services.inngest import InngestService
from cronshift.operations.services.vercel import VercelService
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.project.environments import environment_named
from cronshift.readiness.doctor.asking import Asking
from cronshift.readiness.doctor.diagnosis import diagnose
from cronshift.readiness.fact import Knowledge

if TYPE_CHECKING:
    import uvicorn

SPEC = Path(__file__).parents[3].parent / "shared/api-specs/inngest-v2.json"
SHAPES = {
    "/envs": "v2FetchAccountEnvsResponse",
    "/keys/signing": "v2FetchAccountSigningKeysResponse",
    "/keys/events": "v2FetchAccountEventKeysResponse",
    f"/apps/{APP}/functions/mail": "v2GetFunctionResponse",
}
PATIENCE = timedelta(seconds=5)


@pytest.fixture
def published() -> Any:
    if not SPEC.is_file():
        pytest.skip("Inngest's published documents are not here")
    return json.loads(SPEC.read_text())


@pytest.mark.parametrize("path", SHAPES)
def test_a_stand_in_answers_as_is_published(published: Any, path: str) -> None:
    templates = [
        template
        for template in published["paths"]
        if [part for part in template.split("/") if "{" not in part]
        == [part for part in path.split("/") if part not in {APP, "mail"}]
    ]
    assert templates, path
    servers: list[uvicorn.Server] = []
    with ExitStack() as stack:
        server = begin(Inngest().app(), servers, stack)
        stack.callback(end, servers)
        headers = {"authorization": f"Bearer {KEY}"}
        document = httpx.get(f"{server}/api/v2{path}", headers=headers, trust_env=False).json()
    schema = {"$ref": f"#/components/schemas/{SHAPES[path]}", "components": published["components"]}
    jsonschema.Draft202012Validator(schema).validate(document)
    names = published["components"]["schemas"][SHAPES[path]]["properties"]
    assert document.keys() <= names.keys()


def test_examples_of_the_published_document_are_read(published: Any) -> None:
    """The very examples that Inngest publishes go through the client."""
    from fastapi import FastAPI

    app = FastAPI()
    examples = {
        path: operation["get"]["responses"]["200"]["content"]["application/json"]["examples"]
        for path, operation in published["paths"].items()
        if path in SHAPES
    }
    for path, named in examples.items():
        document = named["default"]["value"] | {"page": {"hasMore": False}}
        app.get(path)(lambda document=document: document)
    servers: list[uvicorn.Server] = []
    with ExitStack() as stack:
        server = begin(app, servers, stack)
        stack.callback(end, servers)

        async def ask() -> tuple[Any, ...]:
            async with InngestService(server, KEY, None, timeout=PATIENCE) as api:
                return await api.environments(), await api.signing_keys(), await api.event_keys()

        environments, signing, events = asyncio.run(ask())
    assert [item.name for item in environments] == ["production", "staging"]
    assert [item.key for item in signing] == ["signkey-prod-abc123def456"]
    assert len(events) == 2


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (401, ApiProblem.UNAUTHORIZED),
        (403, ApiProblem.FORBIDDEN),
        (404, ApiProblem.MISSING),
        (418, ApiProblem.REFUSED),
        (429, ApiProblem.BUSY),
        (500, ApiProblem.FAILED),
        (599, ApiProblem.FAILED),
    ],
)
def test_every_refusal_is_told_apart_and_no_token_is_told(status: int, problem: ApiProblem) -> None:
    servers: list[uvicorn.Server] = []
    with ExitStack() as stack:
        server = begin(Vercel(status=status).app(), servers, stack)
        stack.callback(end, servers)

        async def ask() -> None:
            async with VercelService(
                "planted-token", "prj_1", None, base=server, timeout=PATIENCE
            ) as api:
                await api.project()

        with pytest.raises(ApiError) as caught:
            asyncio.run(ask())
    assert caught.value.problem is problem
    assert "planted" not in str(caught.value) + str(caught.value.hint)


def protected_unless(bypass: str) -> Any:
    login = page(LOGIN, 401, set_cookie="_vercel_sso_nonce=1")
    return lambda request: (
        None if request.headers.get("x-vercel-protection-bypass") == bypass else login(request)
    )


@pytest.mark.parametrize("by", ["a commit", "a variable", "this user"])
def test_a_bypass_secret_goes_to_an_address_that_this_user_has_named(
    tmp_path: Path, by: str
) -> None:
    secret = "planted-bypass-secret"
    world = World(deployment=Deployment(before=protected_unless(secret)))
    with world.standing() as servers:
        write(tmp_path, world, servers)
        if by == "this user":
            text = (tmp_path / "cronshift.toml").read_bytes()
            (tmp_path / "cronshift.toml").unlink()
            edit = Edit("cronshift.toml", text, ChangeKind.EDIT_CONFIG)
            now = datetime.now(UTC)
            apply(tmp_path, build_operation(tmp_path, "link", [edit], now, intent=Intent.LINK))
        environ = {
            "INNGEST_SIGNING_KEY": KEY,
            "INNGEST_API_BASE_URL": servers.inngest,
            "VERCEL_AUTOMATION_BYPASS_SECRET": secret,
        } | ({"CRONSHIFT_ENDPOINT": servers.endpoint} if by == "a variable" else {})
        diagnosis = looked(tmp_path, environ)
    fact = diagnosis.fact("R726")
    assert fact is not None
    assert (fact.answer is Knowledge.GOOD) is (by != "a commit")
    assert secret not in str(diagnosis.to_json())
    if by == "a commit":
        assert "only a commit names this address" in fact.remedy


@pytest.mark.parametrize(
    ("environ", "vercel", "remedy"),
    [
        ({}, None, "Set INNGEST_SIGNING_KEY, and ask again."),
        ({"INNGEST_API_BASE_URL": "http://127.0.0.1:9"}, None, "Is that the address of"),
        ({}, '{"crons": [{"path": "/api/gone", "schedule": "0 5 * * *"}]}', "cronshift next"),
    ],
)
def test_functions_that_were_not_asked_for_have_the_remedy_of_their_own_cause(
    tmp_path: Path, environ: dict[str, str], vercel: str | None, remedy: str
) -> None:
    world = World()
    with world.standing() as servers:
        write(tmp_path, world, servers)
        if vercel is not None:
            (tmp_path / "vercel.json").write_text(vercel)
        key = {"INNGEST_SIGNING_KEY": KEY} if environ or vercel else {}
        fact = looked(tmp_path, {"INNGEST_API_BASE_URL": servers.inngest} | key | environ).fact(
            "R741"
        )
    assert fact is not None
    assert fact.answer is Knowledge.UNKNOWN
    assert fact.remedy.startswith(remedy), fact


def looked(root: Path, environ: dict[str, str]) -> Any:
    project = load_project(root)
    environment = environment_named(project.settings.environments, None)
    now = datetime.now(UTC)
    return asyncio.run(diagnose(Asking(project, make_plan(project), environment, environ, now)))


@pytest.mark.skipif(
    "INNGEST_DEV_URL" not in os.environ, reason="INNGEST_DEV_URL names no Inngest server"
)
def test_a_real_server_is_asked_before_and_after_a_sync(tmp_path: Path) -> None:
    server = os.environ["INNGEST_DEV_URL"].rstrip("/")
    environ = {"INNGEST_DEV": server}
    app_id = f"doctor-{datetime.now(UTC):%H%M%S%f}"
    deployment = Deployment(is_production=False, api=server, app_id=app_id, key=None)
    servers: list[uvicorn.Server] = []
    with ExitStack() as stack:
        app = begin(deployment.app(server), servers, stack)
        stack.callback(end, servers)
        standing = Standing(app, f"{app}/api/inngest", server, "")
        files = {**FILES, "cronshift.toml": toml(app_id, standing)}
        write(tmp_path, World(files=files), standing)
        before = looked_in(tmp_path, environ)
        assert [fact.kind.code for fact in before.causes] == ["R741"]
        assert httpx.put(standing.endpoint, trust_env=False, timeout=20).json()["ok"] is not False
        after = looked_in(tmp_path, environ)
    assert [fact.message for fact in after.causes] == []
    for code in ("R731", "R741", "R742", "R743", "R744"):
        fact = after.fact(code)
        assert fact is not None
        assert fact.answer is Knowledge.GOOD, fact.message
    assert len(CRONS) == 3


def toml(app_id: str, standing: Standing) -> str:
    return (
        f'[project]\napp_id = "{app_id}"\nserve = "worker"\n\n[environments.development]\n'
        f'app = "{standing.app}"\nendpoint = "{standing.endpoint}"\n'
    )


def looked_in(root: Path, environ: dict[str, str]) -> Any:
    project = load_project(root)
    environment = environment_named(project.settings.environments, "development")
    now = datetime.now(UTC)
    return asyncio.run(diagnose(Asking(project, make_plan(project), environment, environ, now)))

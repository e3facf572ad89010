"""Endpoints that refuse what Inngest asks, each with its own cause, by the SDKs themselves."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI, Request, Response
from tests.integration.sockets import serving

from cronshift.engine.server.endpoint import Endpoint
from cronshift.engine.validation import Registration, inspect_endpoint
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "signkey-test-0011aabb"
SERVED = Path(__file__).with_name("served.mjs")


@contextmanager
def typescript(node: Path, sdk: str, framework: str = "node", **variables: str) -> Iterator[str]:
    """Serve one function by the TypeScript SDK, with and without a body parser."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INNGEST")}
    with subprocess.Popen(
        ["node", str(SERVED), str(node / "node_modules" / sdk), framework],
        env=clean | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        try:
            port = json.loads(process.stdout.readline())["port"]
            yield f"http://127.0.0.1:{port}/api/inngest"
        finally:
            process.kill()


def inspected(url: str, key: str | None = None) -> Registration:
    async def ask() -> Registration:
        async with Endpoint.http(url, key) as endpoint:
            return await inspect_endpoint(endpoint)

    return asyncio.run(ask())


def reason(url: str, key: str | None = None) -> tuple[str, str]:
    with pytest.raises(CronshiftError) as caught:
        inspected(url, key)
    return caught.value.reason, caught.value.message


@pytest.mark.node
@pytest.mark.parametrize("sdk", ["inngest", "inngest-v3"])
class TestTypeScript:
    def test_functions_are_listed_in_dev_mode_too(self, node_packages: Path, sdk: str) -> None:
        with typescript(node_packages, sdk, INNGEST_DEV="1") as url:
            registration = inspected(url)
        assert registration.mode == "dev"
        assert registration.app_id == "shop"
        assert registration.functions is not None
        assert [function.id for function in registration.functions] == ["shop-mail"]

    def test_no_key_there_another_key_and_none_here_are_told_apart(
        self, node_packages: Path, sdk: str
    ) -> None:
        with typescript(node_packages, sdk, INNGEST_DEV="0") as url:
            code, message = reason(url, KEY)
        expected = {"inngest": "endpoint-without-key", "inngest-v3": "unauthorized"}
        assert code == expected[sdk]
        assert "without a signing key" in message or "another, or none" in message
        with typescript(node_packages, sdk, INNGEST_DEV="0", INNGEST_SIGNING_KEY=KEY) as url:
            assert inspected(url, KEY).functions
            code, message = reason(url, "signkey-test-ffff")
            assert (code, "another, or none" in message) == ("unauthorized", True)
            code, message = reason(url)
            assert (code, "none was signed" in message) == ("unauthorized", True)

    @pytest.mark.parametrize("variables", [{"INNGEST_DEV": "1"}, {"INNGEST_SIGNING_KEY": KEY}])
    def test_a_missing_body_parser_is_no_wrong_key(
        self, node_packages: Path, sdk: str, variables: dict[str, str]
    ) -> None:
        key = variables.get("INNGEST_SIGNING_KEY")
        with typescript(node_packages, sdk, "express", **variables) as url:
            assert reason(url, key)[0] == "no-body-parser"
        with typescript(node_packages, sdk, "express-parsed", **variables) as url:
            assert inspected(url, key).functions


@pytest.mark.parametrize(
    ("status", "headers", "page", "expected"),
    [
        (401, {"content-type": "text/html"}, "<a href='https://vercel.com/sso-api?x'>", "deployment-protected"),
        (307, {"location": "https://vercel.com/sso-api?url=x"}, "", "deployment-protected"),
        (403, {"x-vercel-mitigated": "challenge"}, "", "deployment-protected"),
        (401, {"content-type": "text/html"}, "<h1>Log in</h1>", "unauthorized"),
        (307, {"location": "/sso-api"}, "", "endpoint-redirects"),
        (500, {}, '{"code": "internal_server_error"}', "endpoint-without-key"),
        (500, {}, "<h1>crashed</h1>", "not-an-inngest-endpoint"),
    ],
)  # fmt: skip
def test_what_answers_in_the_sdks_stead_is_told(
    status: int, headers: dict[str, str], page: str, expected: str
) -> None:
    app = FastAPI()

    @app.api_route("/api/inngest", methods=["GET", "POST", "PUT"])
    def answer() -> Response:
        return Response(page, status, headers)

    with serving(app) as url:
        code, _ = reason(f"{url}/api/inngest")
    assert code == expected


def test_every_request_passes_the_protection(monkeypatch: pytest.MonkeyPatch) -> None:
    app, seen = FastAPI(), []

    @app.api_route("/api/inngest", methods=["GET", "POST", "PUT"])
    def answer(request: Request) -> Response:
        passes = request.headers.get("x-vercel-protection-bypass") == "s3cret"
        seen.append((request.method, passes))
        content = {"function_count": 1, "mode": "dev"}
        headers = {"x-inngest-sdk": "inngest-py:v0.4.0"}
        return Response(json.dumps(content), 200, headers)

    monkeypatch.setenv("VERCEL_AUTOMATION_BYPASS_SECRET", "s3cret")
    with serving(app) as url:
        assert inspected(f"{url}/api/inngest").functions is None
    assert seen == [("GET", True), ("POST", True)]

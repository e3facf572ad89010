"""The middleware alone, before a real SDK app, under a clock of the test's own."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import TYPE_CHECKING

import httpx
import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from cronshift.runtime.signature import SignatureAge, is_dev

if TYPE_CHECKING:
    from collections.abc import Sequence

SECRET = "5eed" * 16
NOW = 1_795_000_000


def endpoint(*, is_production: bool = True) -> SignatureAge:
    client = inngest.Inngest(
        app_id="demo", is_production=is_production, signing_key=f"signkey-test-{SECRET}"
    )

    @client.create_function(fn_id="plain", trigger=inngest.TriggerCron(cron="0 0 * * *"))
    async def plain(ctx: inngest.Context) -> None: ...

    app = FastAPI()
    inngest.fast_api.serve(app, client, [plain])
    return SignatureAge(app, is_production=is_production, clock=lambda: NOW)


CLOUD = endpoint()


def signature(made: int) -> str:
    return f"t={made}&s={hmac.new(SECRET.encode(), str(made).encode(), hashlib.sha256).hexdigest()}"


def inspect(headers: Sequence[tuple[str, str]], app: SignatureAge = CLOUD) -> httpx.Response:
    """Ask for the introspection, whose body, and so what is signed, is empty."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.get("/api/inngest", headers=list(headers))

    return asyncio.run(ask())


@given(age=st.integers(-300, 300))
def test_a_signature_made_within_five_minutes_of_now_is_good(age: int) -> None:
    assert inspect([("x-inngest-signature", signature(NOW - age))]).status_code == 200


@given(age=st.integers(301, NOW) | st.integers(-(10**9), -301))
def test_a_signature_made_further_from_now_is_refused(age: int) -> None:
    assert inspect([("x-inngest-signature", signature(NOW - age))]).status_code == 401


def test_a_refusal_is_the_one_that_the_sdk_gives() -> None:
    ours = inspect([("x-inngest-signature", signature(NOW - 360))])
    theirs = inspect([("x-inngest-signature", f"t={NOW}&s=0")])
    assert ours.status_code == theirs.status_code == 401
    assert ours.content == theirs.content
    for header in ("content-type", "content-length", "x-inngest-sdk-handled"):
        assert ours.headers[header] == theirs.headers[header]


def test_a_request_without_a_signature_is_left_to_the_sdk() -> None:
    answer = inspect([])
    assert answer.status_code == 401
    assert "server-timing" in answer.headers  # the SDK's own


GOOD = signature(NOW)
HASH = GOOD.partition("&")[2]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        HASH,
        f"t={NOW}",
        f"t=&{HASH}",
        f"t=soon&{HASH}",
        f"t=-1&{HASH}",
        f"t={NOW}.5&{HASH}",
        f"t=1_795_000_000&{HASH}",
        f"t=+{NOW}&{HASH}",
        f"t=%20{NOW}&{HASH}",
        f"t={'9' * 5000}&{HASH}",
        f"t={NOW - 360}&t={NOW}&{HASH}",
        f"t={NOW}&t={NOW}&{HASH}",
        f"%74={NOW - 360}&t={NOW}&{HASH}",
        f"t={NOW}&{HASH}&{HASH}",
        f"t={NOW}&{HASH}&s=",
    ],
)
def test_a_header_that_is_not_one_time_and_one_hash_is_refused(header: str) -> None:
    answer = inspect([("x-inngest-signature", header)])
    assert answer.status_code == 401
    assert "server-timing" not in answer.headers  # ours: the SDK was not asked


@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_no_text_in_the_header_is_more_than_refused(text: str) -> None:
    assert inspect([("x-inngest-signature", text)]).status_code == 401


def test_two_signature_headers_are_refused_whichever_is_good() -> None:
    old = ("x-inngest-signature", signature(NOW - 360))
    good = ("x-inngest-signature", GOOD)
    assert inspect([old, good]).status_code == inspect([good, old]).status_code == 401


def test_dev_mode_asks_for_nothing() -> None:
    app = endpoint(is_production=False)
    assert inspect([("x-inngest-signature", signature(NOW - 360))], app).status_code == 200
    assert inspect([], app).status_code == 200


@pytest.mark.parametrize("value", ["", "0", "false", "False", " 0 ", "1", "true", "http://x:8288"])
def test_the_mode_is_the_one_the_sdk_settles_on(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INNGEST_DEV", value)
    assert is_dev({"INNGEST_DEV": value}) is not inngest.Inngest(app_id="demo").is_production


def test_without_the_variable_the_mode_is_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INNGEST_DEV", raising=False)
    assert not is_dev({})
    assert inngest.Inngest(app_id="demo").is_production

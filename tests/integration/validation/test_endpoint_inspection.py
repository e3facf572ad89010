"""A real server asked over its socket what it would register."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import inngest
import inngest.fast_api
import pytest
import uvicorn
from fastapi import FastAPI

from cronshift.engine.server.endpoint import Endpoint
from cronshift.engine.validation import Registration, inspect_endpoint
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "signkey-test-0123abcd"


@contextmanager
def serving(*, production: bool) -> Iterator[str]:
    """Serve one function over HTTP, on a free loopback port."""
    client = inngest.Inngest(
        app_id="predictions", is_production=production, signing_key=KEY if production else None
    )

    @client.create_function(
        fn_id="check", trigger=inngest.TriggerCron(cron="TZ=UTC 0 */4 * * *"), retries=3
    )
    async def check(ctx: inngest.Context) -> None:
        raise AssertionError("asking must run nothing")

    app = FastAPI()
    inngest.fast_api.serve(app, client, [check])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    listener.listen()  # from now on callers wait instead of being refused
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/inngest"
    finally:
        server.should_exit = True
        thread.join()


def inspected(url: str, key: str | None, *ids: str) -> Registration:
    async def ask() -> Registration:
        async with Endpoint.http(url, key) as endpoint:
            return await inspect_endpoint(endpoint, ids)

    return asyncio.run(ask())


def test_an_endpoint_in_cloud_mode_lists_its_functions_to_who_has_its_key() -> None:
    with serving(production=True) as url:
        told = inspected(url, KEY)
    assert (told.app_id, told.mode, told.count, told.has_signing_key) == (
        "predictions",
        "cloud",
        1,
        True,
    )
    assert told.sdk == "inngest-py:v0.5.19"
    assert told.functions is not None
    (function,) = told.functions
    assert (function.id, function.crons[0].cron, function.retries) == (
        "predictions-check",
        "TZ=UTC 0 */4 * * *",
        3,
    )


@pytest.mark.parametrize("key", [None, "signkey-test-ffff"])
def test_it_refuses_who_has_another(key: str | None) -> None:
    with serving(production=True) as url, pytest.raises(CronshiftError) as caught:
        inspected(url, key)
    assert caught.value.reason == "unauthorized"
    assert "INNGEST_SIGNING_KEY" in str(caught.value.hint)


def test_an_endpoint_in_dev_mode_tells_how_many_functions_it_has_and_registers_nothing() -> None:
    with serving(production=False) as url:
        told: Any = inspected(url, None)
    assert (told.mode, told.count, told.functions) == ("dev", 1, None)
    assert "dev mode" in told.unlisted


def test_a_python_endpoint_in_dev_mode_is_asked_for_each_function_and_runs_none() -> None:
    with serving(production=False) as url:
        told = inspected(url, None, "predictions-check", "other-check", "predictions-mail")
    assert told.answering == frozenset({"predictions-check"})
    assert told.functions is None

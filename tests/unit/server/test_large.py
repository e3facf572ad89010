"""Large calls, read beside the event loop: the same call as the SDK reads, in small pieces."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inngest._internal import server_lib, transforms

from cronshift.engine.server import large
from cronshift.engine.server.canonical import quicken_sdk
from cronshift.engine.server.large import SMALL, decoded, hand_to_sdk, read_large

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)  # fmt: skip
ROWS = [{"id": number, "share": number / 7, "tags": ["a", None, True]} for number in range(8000)]


def call_of(**steps: Any) -> bytes:
    event = {"name": "inngest/scheduled.timer", "data": {}}
    ctx = {"attempt": 0, "disable_immediate_execution": False, "run_id": "01RUN", "stack": {}}
    call = {"ctx": ctx, "event": event, "events": [event], "steps": steps, "use_api": False}
    return json.dumps(call).encode()


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The SDK as it is served, and as it was, afterwards."""
    monkeypatch.setattr(transforms, "canonicalize", transforms.canonicalize)
    before = vars(server_lib.ServerRequest).get("from_raw")
    quicken_sdk()
    hand_to_sdk()
    yield
    if before is None:
        del server_lib.ServerRequest.from_raw
    else:
        server_lib.ServerRequest.from_raw = before  # type: ignore[method-assign] # as it was


@settings(max_examples=200, deadline=None)
@given(document=DOCUMENTS, piece=st.integers(0, 40), depth=st.integers(0, 4))
def test_in_pieces_it_says_what_it_says_as_a_whole(document: Any, piece: int, depth: int) -> None:
    assert decoded(json.dumps(document).encode(), piece, depth) == document


def test_no_piece_that_is_decoded_at_once_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    decode = msgspec.json.decode

    def noting(text: Any) -> Any:
        sizes.append(len(memoryview(text)))
        return decode(text)

    monkeypatch.setattr(msgspec.json, "decode", noting)
    body = call_of(rows={"type": "data", "data": ROWS})
    assert decoded(body) == json.loads(body)
    assert len(body) > 5 * SMALL
    assert max(sizes) <= SMALL


@pytest.mark.usefixtures("sdk")
def test_the_sdk_takes_what_was_read_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    body, threads = call_of(rows={"type": "data", "data": ROWS}), []
    read = large.decoded

    def noting(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        return read(*arguments)

    def refusing(*_: Any, **__: Any) -> Any:
        raise AssertionError("the SDK read the body itself")

    async def serve() -> Any:
        await read_large(body, b"as it was signed")
        monkeypatch.setattr(server_lib.ServerRequest, "model_validate_json", refusing)
        copy = bytes(bytearray(body))  # a framework hands on what it put together
        return server_lib.ServerRequest.from_raw(copy), transforms.canonicalize(copy)

    monkeypatch.setattr(large, "decoded", noting)
    request, signed = asyncio.run(serve())
    assert request.steps == {"rows": {"type": "data", "data": ROWS}}
    assert signed == b"as it was signed"
    assert threading.main_thread() not in threads


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("body", [b"{", b"[]", call_of(x=float("nan")), call_of(x=1e300)])
def test_what_is_read_otherwise_or_not_at_all_is_the_sdks_own(body: bytes) -> None:
    async def serve() -> Any:
        await read_large(body, body)
        return server_lib.ServerRequest.from_raw(body)

    alone = server_lib.ServerRequest.from_raw(body)
    handed = asyncio.run(serve())
    assert repr(handed) == repr(alone)
    assert type(handed) is type(alone)


@pytest.mark.usefixtures("sdk")
def test_another_body_than_the_one_that_was_read_is_read_for_itself() -> None:
    async def serve() -> Any:
        await read_large(call_of(first=1), b"")
        return server_lib.ServerRequest.from_raw(call_of(second=2))

    assert asyncio.run(serve()).steps == {"second": 2}


def test_the_installed_sdk_takes_it(sdk: None) -> None:
    """A new version of the SDK that reads its calls in another way is met here first."""
    assert getattr(server_lib.ServerRequest.from_raw, "__module__", "") == large.__name__
    ours = server_lib.ServerRequest.from_raw
    hand_to_sdk()  # a second time changes nothing
    assert server_lib.ServerRequest.from_raw is ours

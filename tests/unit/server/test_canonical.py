"""Canonical JSON at the speed of C: the very bytes of the reference, or the reference itself."""

from __future__ import annotations

import json
from inspect import getclosurevars
from typing import TYPE_CHECKING, Any

import jcs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from inngest._internal import transforms

from cronshift.engine.server import canonical as module
from cronshift.engine.server.canonical import canonical, quicken_sdk

if TYPE_CHECKING:
    from collections.abc import Iterator

EDGES = [-0.0, 0, 1e21, 1e-7, 5e-324, 2**53, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 1e16, 123456.5]
NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats(), st.sampled_from(EDGES))
DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=12,
)


def reference(body: bytes) -> bytes | None:
    try:
        made: bytes = jcs.canonicalize(json.loads(body))
    except (ValueError, TypeError, RecursionError, OverflowError):
        return None
    return made


@settings(max_examples=300, deadline=None)
@given(document=DOCUMENTS, is_ascii=st.booleans())
@example(document={"\ue000": 1, "\U00010000": 2}, is_ascii=True)
@example(document={"\ue000": 1, "\U00010000": 2}, is_ascii=False)
@example(document=[9007199254740993], is_ascii=False)
def test_it_makes_the_bytes_of_the_reference(document: Any, *, is_ascii: bool) -> None:
    body = json.dumps(document, ensure_ascii=is_ascii).encode()
    assert canonical(body) == reference(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"NaN",
        b"1E400",
        b"-0",
        b" [1e2, 1.0] ",
        b'{"b":1,"a":1,"a":2}',
        rb'"\u007f\u0000\b\f\u001f\/\ud800"',
        b"12345678901234567890",
        b"[" * 100_000,
    ],
)
def test_whatever_comes_it_says_what_the_reference_says(body: bytes) -> None:
    assert canonical(body) == reference(body)


@pytest.fixture
def sdk() -> Iterator[None]:
    before = transforms.canonicalize
    ours = getclosurevars(before).nonlocals  # where this process has served before
    transforms.canonicalize = ours.get("theirs", before)
    yield
    transforms.canonicalize = before


def test_the_sdk_takes_it_and_has_its_own_where_the_two_could_differ(
    sdk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = transforms.canonicalize
    quicken_sdk()
    quicken_sdk()  # a second time changes nothing
    assert transforms.canonicalize is not own
    assert transforms.canonicalize(b'{"b": 1.0, "a": 2}') == b'{"a":2,"b":1}'
    assert transforms.canonicalize(b"") == b""
    assert isinstance(transforms.canonicalize(b"{"), Exception)
    with monkeypatch.context() as patched:
        patched.setattr(module, "_quick", lambda _: None)
        assert transforms.canonicalize(b"[1.0]") == b"[1]"


def test_an_sdk_that_does_it_otherwise_is_left_alone(sdk: None) -> None:
    def another(value: bytes) -> bytes:
        return value

    transforms.canonicalize = another
    quicken_sdk()
    assert transforms.canonicalize is another

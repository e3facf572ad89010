"""What cronshift signs, the SDK's own check accepts; what it does not, it refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inngest._internal import net, server_lib

from cronshift.engine.server.signing import bearer, signature
from cronshift.errors import ConfigError

KEY = "signkey-test-0123abcd"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

json_data = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def accepted(body: bytes, header: str, key: str) -> bool:
    outcome = net.validate_request_sig(
        body=body,
        headers={server_lib.HeaderKey.SIGNATURE.value: header},
        mode=server_lib.ServerKind.CLOUD,
        signing_key=key,
        signing_key_fallback=None,
    )
    return not isinstance(outcome, Exception)


@given(st.dictionaries(st.text(), json_data))
def test_the_sdk_accepts_what_is_signed(data: dict[str, object]) -> None:
    body = json.dumps(data).encode()
    assert accepted(body, signature(body, KEY, NOW), KEY)


def test_an_empty_body_is_signed_too() -> None:
    assert accepted(b"", signature(b"", KEY, NOW), KEY)


def test_another_body_time_or_key_is_refused() -> None:
    body = b'{"a": 1}'
    header = signature(body, KEY, NOW)
    later = signature(body, KEY, NOW + timedelta(seconds=1))
    assert not accepted(b'{"a": 2}', header, KEY)
    assert not accepted(body, header, "signkey-test-ffff")
    assert not accepted(body, header.split("&")[0] + "&" + later.split("&")[1], KEY)


def test_the_bearer_is_the_digest_of_the_keys_bytes() -> None:
    assert bearer(KEY) == bearer("0123abcd")
    assert bearer(KEY).startswith("Bearer ")
    assert "0123abcd" not in bearer(KEY)


def test_a_key_that_is_not_hexadecimal_is_refused_without_being_told() -> None:
    with pytest.raises(ConfigError) as caught:
        bearer("signkey-test-secret")
    assert "secret" not in caught.value.message.replace("signing key", "")

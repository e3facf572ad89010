"""Why a registration failed, from the answers that were measured on a real server."""

from __future__ import annotations

import pytest

from cronshift.engine.server.syncing import cause


@pytest.mark.parametrize(
    ("status", "document", "sentence"),
    [
        (200, {"ok": True, "modified": True, "sync_id": "1", "app_id": "2"}, None),
        (200, {"message": "Successfully registered", "modified": False}, None),
        (
            500,
            {
                "code": "registration_failed",
                "message": "response is not valid JSON",
                "name": "RegistrationFailedError",
            },
            "Inngest does not take the endpoint's signing key.",
        ),
        (
            500,
            {
                "code": "unknown",
                "message": "Failed request to http://127.0.0.1:9/fn/register: All connection"
                " attempts failed",
                "name": "Exception",
            },
            "The endpoint cannot reach its Inngest server: Failed request to",
        ),
        (200, {"error": "At least one function is invalid"}, "At least one function is invalid"),
        (502, "<html>", "the endpoint answered 502"),
    ],
)
def test_a_registration_has_failed_or_not_and_why(
    status: int, document: object, sentence: str | None
) -> None:
    why = cause(status, document)
    if sentence is None:
        assert why is None
        return
    assert why is not None
    assert sentence in why.sentence
    assert why.hint

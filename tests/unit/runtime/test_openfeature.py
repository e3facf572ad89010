from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode

from cronshift.runtime.held import Source
from cronshift.runtime.openfeature import OwnershipProvider
from cronshift.runtime.ownership import Epoch, Owner, Ownership, dump_ownership

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWNERSHIP = Ownership(flows={"session": (Epoch(NOW - timedelta(days=1), 50, "01"),)})


def a_provider(text: str = dump_ownership(OWNERSHIP)) -> OwnershipProvider:
    return OwnershipProvider(Source(lambda: text), lambda: NOW)


@given(st.text(min_size=1))
def test_a_user_is_served_by_whom_the_file_says(user: str) -> None:
    context = EvaluationContext(targeting_key=user)
    owner = OWNERSHIP.flow_owner("session", user, NOW)
    provider = a_provider()
    assert provider.resolve_boolean_details("session", False, context).value == (
        owner is Owner.INNGEST
    )
    assert provider.resolve_string_details("session", "", context).value == str(owner)


def test_an_app_asks_in_its_usual_way() -> None:
    api.set_provider(a_provider())
    client = api.get_client()
    users = [EvaluationContext(targeting_key=f"user-{number}") for number in range(400)]
    served = sum(client.get_boolean_value("session", False, user) for user in users)
    assert 150 < served < 250
    api.clear_providers()


def test_what_cannot_be_answered_is_the_default_with_its_reason() -> None:
    user = EvaluationContext(targeting_key="ada")
    provider = a_provider()
    for details, code in (
        (provider.resolve_boolean_details("other", True, user), ErrorCode.FLAG_NOT_FOUND),
        (provider.resolve_boolean_details("session", True, None), ErrorCode.TARGETING_KEY_MISSING),
        (provider.resolve_integer_details("session", 7, user), ErrorCode.TYPE_MISMATCH),
        (provider.resolve_float_details("session", 7.0, user), ErrorCode.TYPE_MISMATCH),
        (provider.resolve_object_details("session", {}, user), ErrorCode.TYPE_MISMATCH),
        (
            a_provider("{").resolve_boolean_details("session", True, user),
            ErrorCode.PROVIDER_NOT_READY,
        ),
    ):
        assert details.error_code is code
        assert details.value in (True, 7, 7.0, {})

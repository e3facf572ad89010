"""Records as JSON, which anybody may have written; and what is measured of an answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.runtime.bodies import BODY_LIMIT, Body, Reaction, measure
from cronshift.runtime.ledger import (
    Role,
    Side,
    TickRecord,
    TickStatus,
    as_document,
    parse_record,
)

TICK = datetime(2026, 11, 27, 12, tzinfo=UTC)
RECORD = TickRecord(
    job="tally",
    tick=TICK,
    side=Side.INNGEST,
    owner="inngest",
    role=Role.ACTED,
    arrived=TICK + timedelta(milliseconds=1201),
    started=TICK + timedelta(milliseconds=1300),
    ended=TICK + timedelta(seconds=2),
    status=TickStatus.FAILED,
    attempts=2,
    error_class="HandlerError",
    http_status=503,
    size=10,
    digest="0123456789abcdef",
    numbers={"checked": 3.0},
    run_id="01RUN",
    deployment="dpl_1",
    ownership_digest="0123456789abcdef",
    seen={"app": "file"},
)
LEAST = TickRecord(
    job="tally",
    tick=TICK,
    side=Side.VERCEL,
    owner="",
    role=Role.STOOD_BY,
    arrived=TICK,
    status=TickStatus.SKIPPED,
)


@pytest.mark.parametrize("record", [RECORD, LEAST])
def test_a_record_comes_back_from_json_as_it_was(record: TickRecord) -> None:
    assert parse_record(json.loads(json.dumps(as_document(record)))) == record


@pytest.mark.parametrize(
    "change",
    [
        {"side": "aws"},
        {"role": "watched"},
        {"status": "fine"},
        {"tick": "yesterday"},
        {"tick": "0001-01-01T00:00:00+14:00"},
        {"job": "x" * 201},
        {"job": "x\n"},
        {"job": None},
        {"attempts": -1},
        {"attempts": True},
        {"size": 2**60},
        {"numbers": {"a": "b"}},
        {"numbers": [1]},
        {"numbers": {str(n): n for n in range(300)}},
        {"seen": {"app": 1}},
        {"secret": "s3cret"},
    ],
)
def test_another_document_is_refused_and_not_told(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="it is no record of a tick"):
        parse_record(as_document(RECORD) | change)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_it_is_it_is_a_record_or_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="it is no record of a tick"):
        parse_record(document)


def answered(data: bytes, kind: str = "application/json") -> Reaction:
    body = Body()
    body.add(data)
    return Reaction(200, {"content-type": kind}, body)


def test_an_answer_is_measured_by_its_bytes_and_its_numbers() -> None:
    data = b'{"checked": 31, "users": {"active": 0.5}, "ok": true, "names": ["a", 1], "text": "7"}'
    assert measure(answered(data)) == (
        len(data),
        hashlib.sha256(data).hexdigest()[:16],
        {"checked": 31.0, "users.active": 0.5},
    )


def test_text_has_no_numbers() -> None:
    assert measure(answered(b'{"checked": 31}', "text/plain")).numbers == {}


def test_of_what_was_not_kept_whole_the_digest_is_not_known() -> None:
    size, digest, numbers = measure(answered(b"1" * (BODY_LIMIT + 1)))
    assert (size, digest, numbers) == (BODY_LIMIT + 1, None, {})


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"1" * 5000,
        b"1e999",
        json.dumps({str(n): n for n in range(5000)}).encode(),
        b"\xff\xfe",
    ],
    ids=["deep", "long", "infinite", "many", "no text"],
)
def test_no_answer_is_too_odd_to_be_measured(data: bytes) -> None:
    numbers = measure(answered(data)).numbers
    assert len(numbers) <= 32
    assert all(map(isfinite, numbers.values()))
    document = as_document(replace(RECORD, numbers=numbers))
    assert parse_record(json.loads(json.dumps(document))).numbers == numbers

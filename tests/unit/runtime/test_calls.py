from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inngest import NonRetriableError

from cronshift.runtime import Answer, Call, CallHandler, JobSpec, calls
from cronshift.runtime.answers import HandlerError, judge, retry_after
from cronshift.runtime.bodies import BODY_LIMIT, Body
from cronshift.runtime.calls import tick_of
from cronshift.runtime.ownership import Ownership

TICK = datetime(2026, 11, 24, 8, tzinfo=UTC)
JOB = JobSpec(id="x", path="/api/cron/x", schedule="0 */4 * * *", stale_after=timedelta(minutes=9))
CALL = Call(job=JOB, path=JOB.path, tick=TICK, scheduled=True, run_id="01RUN", attempt=0)


class Echo(CallHandler):
    """Answers with what it was called with."""

    async def send(self, call: Call) -> Answer:
        return Answer(status=200, body=self.headers(call), bytes=0, cut=False)


def a_body(data: bytes) -> Body:
    body = Body()
    body.add(data)
    return body


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_a_path_of_printable_ascii_is_sent_byte_for_byte(text: str) -> None:
    assert replace(CALL, path=f"/{text}").target == f"/{text}"


@given(st.text())
def test_whatever_the_path_is_the_request_line_can_hold_it(text: str) -> None:
    target = replace(CALL, path=f"/{text}").target
    assert target.startswith("/")
    assert all(0x20 < ord(character) < 0x7F for character in target)


@given(st.text(), st.text())
def test_a_parameter_is_added_behind_the_query_that_is_there(name: str, value: str) -> None:
    call = replace(CALL, path="/x?a=%2F%7B&a=2").with_parameter(name, value)
    assert call.path.startswith("/x?a=%2F%7B&a=2&")
    query = urlsplit(call.target).query
    assert parse_qsl(query, keep_blank_values=True) == [("a", "/{"), ("a", "2"), (name, value)]


def test_a_path_without_a_query_gets_one() -> None:
    assert CALL.with_parameter("model", "gpt 5&6").path == "/api/cron/x?model=gpt%205%266"


def test_the_headers_are_vercels_and_the_ticks() -> None:
    assert CALL.headers == {
        "user-agent": "vercel-cron/1.0",
        "x-vercel-cron-schedule": "0 */4 * * *",
        "x-cronshift-tick": "2026-11-24T08:00:00Z",
        "x-cronshift-run": "01RUN",
        "accept": "*/*",
    }


def test_the_bearer_is_sent_only_where_a_secret_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRON_SECRET", raising=False)
    assert "authorization" not in Echo().headers(CALL)
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    assert Echo().headers(CALL)["authorization"] == "Bearer s3cret"
    monkeypatch.setenv("OTHER", "other")
    assert Echo(secret_env="OTHER").headers(CALL)["authorization"] == "Bearer other"


@pytest.mark.parametrize("secret", ["s3cret\n", " s3cret", "s\x013cret", "s3crét"])
def test_a_secret_that_no_header_can_carry_is_refused_without_being_told(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("CRON_SECRET", secret)
    with pytest.raises(NonRetriableError) as caught:
        Echo().headers(CALL)
    assert "CRON_SECRET" in str(caught.value)
    assert "3cr" not in str(caught.value)


@pytest.mark.parametrize(
    ("minutes", "attempt", "scheduled", "skips"),
    [
        (9, 0, True, False),
        (10, 0, True, True),
        (10, 1, True, False),  # what has begun is not too late
        (10, 0, False, False),  # a person asked for it
        (-1, 0, True, False),
    ],
)
def test_a_tick_is_stale_when_its_first_attempt_comes_too_late(
    minutes: int, attempt: int, scheduled: bool, skips: bool
) -> None:
    call = replace(CALL, attempt=attempt, scheduled=scheduled)
    reason = call.reason_to_skip(TICK + timedelta(minutes=minutes))
    assert bool(reason) == skips
    if reason:
        assert reason == "stale: due 2026-11-24 08:00 UTC, 0:10:00 ago"


@pytest.mark.parametrize("attempt", [0, 1])
def test_whose_a_tick_is_is_asked_at_every_attempt(
    monkeypatch: pytest.MonkeyPatch, attempt: int
) -> None:
    """A first attempt may have died before it came to ask: the second must not run Vercel's tick."""
    monkeypatch.setattr(calls, "held_ownership", Ownership)
    assert replace(CALL, attempt=attempt).reason_to_skip(TICK) == "owner vercel"


def test_a_job_without_a_limit_is_never_stale() -> None:
    call = replace(CALL, job=replace(JOB, stale_after=None))
    assert call.reason_to_skip(TICK + timedelta(days=400)) is None


def test_a_replay_needs_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    replayed = replace(CALL, scheduled=False, replayed=True, needs_claim=True)
    monkeypatch.delenv("CRONSHIFT_CLAIMS_URL", raising=False)
    assert replayed.reason_to_skip(TICK) == "a replay needs claims"
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", "sqlite:///claims.db")
    assert replayed.reason_to_skip(TICK) is None


HOURLY = "TZ=UTC 0 * * * *"


@pytest.mark.parametrize(
    ("missed", "late", "reason"),
    [
        ("all", timedelta(days=9), None),
        ("latest", timedelta(minutes=59), None),
        ("latest", timedelta(hours=1), "missed: due 2026-11-24 08:00 UTC, 1:00:00 ago"),
        ("none", timedelta(minutes=15), None),
        ("none", timedelta(minutes=16), "missed: due 2026-11-24 08:00 UTC, 0:16:00 ago"),
        ("none", timedelta(hours=3), "missed: due 2026-11-24 08:00 UTC, 3:00:00 ago"),
    ],
)
def test_a_tick_that_comes_late_is_made_up_for_as_the_job_says(
    missed: str, late: timedelta, reason: str | None
) -> None:
    job = replace(JOB, stale_after=None, missed=missed)
    call = replace(CALL, job=job, cron=HOURLY)
    assert call.reason_to_skip(TICK + late) == reason
    for begun in (replace(call, attempt=1), replace(call, scheduled=False)):
        assert begun.reason_to_skip(TICK + late) is None


def test_a_burst_behind_an_outage_is_coalesced_to_its_latest_tick() -> None:
    job = replace(JOB, stale_after=None, missed="latest")
    burst = [replace(CALL, job=job, cron=HOURLY, tick=TICK + timedelta(hours=n)) for n in range(6)]
    ran = [call for call in burst if call.reason_to_skip(TICK + timedelta(hours=5.5)) is None]
    assert ran == burst[-1:]


@pytest.mark.parametrize(
    ("data", "ts", "expected"),
    [
        ({"scheduledAt": "2026-11-24T08:00:00Z"}, 1, TICK),
        ({"scheduledAt": "2026-11-24T10:00:00+02:00"}, 1, TICK),
        ({"scheduledAt": "2026-11-24T08:00:00"}, 1, TICK),
        ({"scheduledAt": "nonsense"}, 1_795_507_200_000, TICK),
        ({"scheduledAt": None}, 1_795_507_200_000, TICK),
        ({}, 1_795_507_200_000, TICK),
    ],
)
def test_the_tick_is_what_the_event_says(
    data: dict[str, object], ts: int, expected: datetime
) -> None:
    assert tick_of(data, ts) == expected


def test_without_any_time_the_tick_is_now() -> None:
    assert abs(tick_of({}, 0) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_is_success(status: int) -> None:
    answer = judge("GET /x", status, {}, a_body(b"fine"))
    assert answer == {"status": status, "body": "fine", "bytes": 4, "cut": False}


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    with pytest.raises(HandlerError, match=rf"GET /x answered {status}.*: the reason"):
        judge("GET /x", status, {}, a_body(b"the\n reason"))


@pytest.mark.parametrize("status", [300, 301, 304, 307, 308, 400, 401, 403, 404, 405, 410, 422])
def test_what_will_not_pass_is_not(status: int) -> None:
    with pytest.raises(NonRetriableError, match=f"answered {status}"):
        judge("GET /x", status, {}, a_body(b""))


def test_json_is_kept_as_json() -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    assert judge("x", 200, headers, a_body(b'{"a": [1]}'))["body"] == {"a": [1]}
    assert judge("x", 200, headers, a_body(b"{broken"))["body"] == "{broken"
    assert judge("x", 200, headers, a_body(b'{"a": NaN}'))["body"] == '{"a": NaN}'


@given(st.lists(st.binary(max_size=50_000), max_size=5))
def test_a_body_is_counted_to_its_end_and_kept_up_to_the_limit(chunks: list[bytes]) -> None:
    body, whole = Body(), b"".join(chunks)
    for chunk in chunks:
        body.add(chunk)
    assert (bytes(body.kept), body.size) == (whole[:BODY_LIMIT], len(whole))
    assert body.cut == (len(whole) > BODY_LIMIT)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 1),
        ("99999999999", 86_400),
        ("Tue, 24 Nov 2026 08:02:00 GMT", 120),
        ("Mon, 23 Nov 2026 08:02:00 GMT", 1),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: int | None) -> None:
    wait = retry_after(text, TICK)
    assert (wait.total_seconds() if wait else None) == seconds

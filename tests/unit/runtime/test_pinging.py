"""The request that tells a monitor of a run, by the receiver that an address means."""

from __future__ import annotations

from uuid import UUID

import pytest

from cronshift.runtime import wire
from cronshift.runtime.pinging import Ping, Signal, correlation, is_watched, ping_of

RUN = "01M8EEF3JTNMEAQHZQ4RXVZ310"
QUEUED = 1795781267.034  # what the id says, in seconds
RID = "ffc90cc1-310c-12f2-e55f-c862f9e54534"
SENTRY = "https://o1.ingest.sentry.io/api/4/cron/report/abc/"


def told(address: str, signal: Signal, run_id: str = RUN) -> Ping | None:
    return ping_of(address, signal, run_id, QUEUED + 12.5)


@pytest.mark.parametrize(
    ("address", "ends"),
    [
        ("https://hc-ping.com/8d2b", ("/start", "", "/fail")),
        ("https://hc-ping.com/key/slug", ("/start", "", "/fail")),
        ("http://127.0.0.1:8000/ping/8d2b/", ("/start", "/", "/fail")),
        ("https://watch.example.com/ping/key/slug", ("/start", "", "/fail")),
    ],
)
def test_healthchecks_hears_of_all_three_with_one_id(
    address: str, ends: tuple[str, str, str]
) -> None:
    pings = [told(address, signal) for signal in Signal]
    base = address.rstrip("/")
    assert [ping.url for ping in pings if ping] == [f"{base}{end}?rid={RID}" for end in ends]
    assert [ping.body for ping in pings if ping] == [
        f"run {RUN}".encode(),
        f"run {RUN}, 12.5 s since it was queued".encode(),
        f"run {RUN}, 12.5 s since it was queued".encode(),
    ]


def test_sentry_hears_of_all_three_with_one_id_and_the_duration() -> None:
    pings = [told(SENTRY, signal) for signal in Signal]
    assert [ping.url.removeprefix(SENTRY) for ping in pings if ping] == [
        f"?status=in_progress&check_in_id={RID}",
        f"?status=ok&check_in_id={RID}&duration=12.500",
        f"?status=error&check_in_id={RID}&duration=12.500",
    ]


def test_what_an_address_asks_for_already_stays() -> None:
    ping = told(f"{SENTRY}?environment=eu%20west&status=ok", Signal.FAILURE)
    assert ping is not None
    assert ping.url.startswith(f"{SENTRY}?environment=eu+west&status=error&check_in_id=")


@pytest.mark.parametrize(
    "address",
    ["https://uptime.betterstack.com/api/v1/heartbeat/tok", "https://example.com/ping?key=a%2Fb"],
)
def test_any_other_receiver_hears_of_no_beginning(address: str) -> None:
    """A receiver without one would take it for a success."""
    assert told(address, Signal.START) is None
    assert told(address, Signal.SUCCESS) == Ping(address)
    head, mark, query = address.partition("?")
    assert told(address, Signal.FAILURE) == Ping(f"{head}/fail{mark}{query}")


def test_a_run_that_is_not_known_is_told_without_an_id() -> None:
    """As modules do that were generated before."""
    assert told("https://hc-ping.com/8d2b", Signal.SUCCESS, "") == Ping(
        "https://hc-ping.com/8d2b", b"run "
    )
    assert told(SENTRY, Signal.SUCCESS, "") == Ping(f"{SENTRY}?status=ok")


@pytest.mark.parametrize("address", ["", "example.com/x", "file:///etc/passwd", "http://[::1"])
def test_what_is_no_address_of_http_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        told(address, Signal.SUCCESS)


def test_the_id_that_joins_pings_is_a_uuid_of_the_runs() -> None:
    assert correlation(RUN) == UUID(RID)
    assert correlation(RUN) != correlation(RUN[:-1] + "1")


@pytest.mark.parametrize(
    ("event", "is_told"),
    [
        ({"name": "inngest/scheduled.timer", "data": {"cron": "* * * * *"}}, True),
        ({"name": "inngest/scheduled.timer"}, True),
        ({"name": "inngest/scheduled.timer", "data": {"cronshift": wire.BY_HAND}}, False),
        ({"name": "inngest/function.invoked", "data": {}}, False),
        ({"name": "inngest/function.invoked", "data": {"cronshift": wire.REPLAY}}, False),
        ({"name": "shop/report.row", "data": {"value": "a"}}, True),
        ({"name": "shop/report.row", "data": {"value": "a", "cronshift": wire.BY_HAND}}, False),
        (None, False),
    ],
)
def test_only_runs_of_the_schedule_are_told(event: object, is_told: bool) -> None:
    assert is_watched(event) is is_told

"""The keepers of records: a database, an address of the app's, or Inngest as events."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from cronshift.runtime import wire
from cronshift.runtime.dead_letters import as_document as letter_document
from cronshift.runtime.ledger import as_document
from cronshift.runtime.posting import post
from cronshift.runtime.protection import bypass_headers, is_address, is_the_app

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cronshift.runtime.dead_letters import DeadLetter
    from cronshift.runtime.ledger import TickRecord
    from cronshift.runtime.store.ledger import TickLedger

    Keep = Callable[[Sequence[TickRecord]], None]

_PATIENCE = 10  # seconds
_EVENTS = "https://inn.gs"
_DEV_SERVER = "http://127.0.0.1:8288"


def keeper(url: str, secret_env: str) -> Keep:
    """Return the keeper of records that ``url`` names; nothing is opened before the first."""
    if url == wire.LEDGER_EVENTS:
        return _send_events
    if is_address(url):
        return lambda records: _send(url, secret_env, records)
    return _Database(url).keep


def keep_letter(url: str, secret_env: str, letter: DeadLetter) -> None:
    """Keep a dead letter where ``url`` says; raises whatever goes wrong."""
    if url == wire.LEDGER_EVENTS:
        event = {"name": wire.RUN_DEAD_EVENT, "id": letter.run_id}
        _post_events([event | {"data": letter_document(letter)}])
    elif is_address(url):
        headers = headers_for(url, secret_env, wire.TELL_DEAD_LETTER)
        _post(url, letter_document(letter), headers)
    else:
        from cronshift.runtime.store.dead_letters import DeadLetters

        letters = DeadLetters.open(url)
        try:
            letters.keep(letter, datetime.now(UTC))
        finally:
            letters.close()


class _Database:
    """Opened by the thread that writes, once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ledger: TickLedger | None = None

    def keep(self, records: Sequence[TickRecord]) -> None:
        from cronshift.runtime.store.ledger import TickLedger

        if self._ledger is None:
            self._ledger = TickLedger.open(self._url)
        self._ledger.write(records)


def _send(url: str, secret_env: str, records: Sequence[TickRecord]) -> None:
    """Send the records to an address of the app's, with the bearer."""
    headers = headers_for(url, secret_env, wire.TELL_TICKS)
    _post(url, [as_document(record) for record in records], headers)


def headers_for(url: str, secret_env: str, tell: str) -> dict[str, str]:
    """Return the headers of what is told to an address of the app's, with the bearer."""
    return {
        "authorization": f"Bearer {os.environ.get(secret_env, '')}",
        wire.TELL_HEADER: tell,
        **(bypass_headers() if is_the_app(url) else {}),
    }


def _send_events(records: Sequence[TickRecord]) -> None:
    """Send the records as events to the Inngest that this process's functions go to."""
    _post_events(
        [{"name": wire.TICK_SEEN_EVENT, "data": as_document(record)} for record in records]
    )


def _post_events(events: Sequence[Mapping[str, object]]) -> None:
    key = os.environ.get("INNGEST_EVENT_KEY") or "no-key-in-dev"
    environment = os.environ.get("INNGEST_ENV")
    _post(
        f"{_event_address()}/e/{quote(key, safe='')}",
        events,
        {"x-inngest-env": environment} if environment else {},
    )


def _event_address() -> str:
    named = os.environ.get("INNGEST_EVENT_API_BASE_URL") or os.environ.get("INNGEST_BASE_URL")
    dev = os.environ.get("INNGEST_DEV", "0")
    if "://" in dev:
        return (named or dev).rstrip("/")
    return (named or (_EVENTS if dev.lower() in {"", "0", "false"} else _DEV_SERVER)).rstrip("/")


def _post(url: str, document: object, headers: Mapping[str, str]) -> None:
    post(url, document, headers, _PATIENCE)

"""An answer's head goes out with its first bytes: one piece on the wire, one waking of the peer."""

from __future__ import annotations

import asyncio
from typing import Any

from cronshift.engine.server.connections import Joining


class Wire:
    """A transport that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("closed")

    def abort(self) -> None:
        self.told.append("aborted")

    def is_closing(self) -> bool:
        return False


def told(*does: tuple[str, bytes] | str | None) -> list[bytes | str]:
    """Return what the wire is told by writes and ends; ``None`` is the turn of others."""
    wire: Any = Wire()

    async def live() -> None:
        transport = Joining(wire, asyncio.get_running_loop())
        for do in does:
            if do is None:
                await asyncio.sleep(0)
            elif isinstance(do, str):
                getattr(transport, do)()
            else:
                transport.write(do[1])
        assert not transport.is_closing()

    asyncio.run(live())
    kept: list[bytes | str] = wire.told
    return kept


def write(data: bytes) -> tuple[str, bytes]:
    return "write", data


def test_a_head_and_its_body_are_one_piece() -> None:
    assert told(write(b"head "), write(b"body")) == [b"head body"]


def test_an_answer_without_a_body_is_sent_too() -> None:
    assert told(write(b"head "), write(b""), None) == [b"head "]


def test_what_comes_in_another_turn_is_not_waited_for() -> None:
    assert told(write(b"head "), None, write(b"1"), None, write(b"2"), None) == [
        b"head ",
        b"1",
        b"2",
    ]


def test_a_close_sends_what_is_kept_and_an_abort_does_not() -> None:
    assert told(write(b"head"), "close", None) == [b"head", "closed"]
    assert told(write(b"head"), "abort", None) == ["aborted"]

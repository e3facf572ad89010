"""Large calls, read beside the event loop and a piece at a time, so that nobody waits for one.

The SDK makes a body canonical and decodes it where every call is answered: with the state of a long run, 3 MB of
rows, that takes a third of a second. Another thread alone is no help, since a decoder holds the interpreter until it
is done; between pieces the event loop has its turn. What was read is handed to the SDK when it asks for that body.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = 64 * 1024
"""Bytes that the SDK may read itself: a millisecond or two."""
_DEEPEST = 8  # lists and objects inside each other that are taken apart
_PARTS = msgspec.json.Decoder(
    dict[str, msgspec.Raw] | list[msgspec.Raw] | str | int | float | bool | None
)


class LargeCall(Struct, frozen=True):
    """A call that was read before the SDK asks for it.

    Attributes:
        body: as it came.
        signed: the text that the signature is of.
        document: what the body says; ``None`` where the SDK reads it otherwise, and does so itself.
    """

    body: bytes
    signed: bytes
    document: Any


_READ: ContextVar[LargeCall | None] = ContextVar("large_call", default=None)


async def read_large(body: bytes, signed: bytes) -> None:
    """Read a large call, for the SDK to find in this task."""
    document = await asyncio.to_thread(_document, body)
    _READ.set(LargeCall(body, signed, document))


def read_already(body: object) -> LargeCall | None:
    """Return the call of a body that was read in this task."""
    call = _READ.get()
    return call if call is not None and call.body == body else None


def hand_to_sdk() -> None:
    """Let the SDK take what was read, where it asks for it in the way that is known."""
    from inngest._internal import server_lib

    request: type[Any] = server_lib.ServerRequest
    theirs: Callable[[object], Any] | None = getattr(request, "from_raw", None)
    if theirs is None or getattr(theirs, "__self__", None) is not request:
        return  # it is ours already, or done in another way than is known

    def from_raw(raw: object) -> Any:
        call = read_already(raw)
        return theirs(raw if call is None or call.document is None else call.document)

    request.from_raw = from_raw


def decoded(text: bytes | msgspec.Raw, piece: int = SMALL, depth: int = _DEEPEST) -> Any:
    """Return the value of a JSON text; no more than a piece is decoded at once.

    Raises:
        msgspec.MsgspecError: where it is none.
    """
    if depth == 0 or len(memoryview(text)) <= piece:
        return msgspec.json.decode(text)
    parts = _PARTS.decode(text)
    if isinstance(parts, dict):
        return {key: decoded(part, piece, depth - 1) for key, part in parts.items()}
    if isinstance(parts, list):
        return [decoded(part, piece, depth - 1) for part in parts]
    return parts


def _document(body: bytes) -> Any:
    try:
        document = decoded(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None

"""Canonical JSON (RFC 8785) at the speed of C: what the SDK signs, and looks at before it runs anything.

The SDK makes each body canonical in Python, a tenth of a second a megabyte, in which nobody else is
answered. Here msgspec does, wherever both come to the same bytes; for the rest it is the SDK's own.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec

from cronshift.engine.server.large import read_already

if TYPE_CHECKING:
    from collections.abc import Callable

_ASTRAL = re.compile(rb"[\xf0-\xf4]|\\u[dD][89abAB]")
"""Signs beyond the first plane: by them UTF-16 sorts keys otherwise than UTF-8."""
_LARGE = re.compile(rb"(?:^|[:,\[\s])-?\d{16}")
"""Integers that a double may not hold: the canonical form rounds them."""


def canonical(body: bytes) -> bytes | None:
    """Return JSON as it is signed; ``None`` where it is none."""
    quick = _quick(body)
    if quick is not None:
        return quick
    import jcs

    try:
        canonicalized: bytes = jcs.canonicalize(json.loads(body))
    except (ValueError, TypeError, RecursionError, OverflowError):
        return None
    return canonicalized


def quicken_sdk() -> None:
    """Let the SDK make its bodies canonical so, where it does it in the way that is known."""
    from inngest._internal import transforms

    theirs: Callable[[bytes], bytes | Exception] | None = getattr(transforms, "canonicalize", None)
    if theirs is None or theirs.__module__ != transforms.__name__:
        return

    def canonicalize(value: bytes) -> bytes | Exception:
        if call := read_already(value):
            return call.signed
        quick = _quick(value) if value else None
        return theirs(value) if quick is None else quick

    transforms.canonicalize = canonicalize


def _quick(body: bytes) -> bytes | None:
    """Return the canonical form; ``None`` where msgspec's would be another, or there is none."""
    if _ASTRAL.search(body) or _LARGE.search(body):
        return None
    try:
        return msgspec.json.encode(_DECODER.decode(body), order="sorted")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _number(text: str) -> object:
    """Return a number with a point or an exponent as the canonical form spells it."""
    from jcs.ntoj import convert2Es6Format

    return msgspec.Raw(convert2Es6Format(float(text)).encode())


_DECODER = msgspec.json.Decoder(float_hook=_number)

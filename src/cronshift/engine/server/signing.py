"""The signatures of Inngest's requests (SDK specification; measured against a real server)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING

from cronshift.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

_PREFIX = re.compile(r"^signkey-\w+-")


def signature(body: bytes, key: str, now: datetime) -> str:
    """Return the value of ``x-inngest-signature`` for a request's body, empty for none.

    Args:
        body: JSON, or nothing.
        key: the signing key, with or without its prefix; used as text.
        now: the instant of signing.
    """
    import jcs

    seconds = int(now.timestamp())
    signed: bytes = jcs.canonicalize(json.loads(body)) if body else b""
    mac = hmac.new(_bare(key).encode(), signed + str(seconds).encode(), hashlib.sha256)
    return f"t={seconds}&s={mac.hexdigest()}"


def is_signed(body: bytes, header: bytes, key: str) -> bool:
    """Return whether a signature is that of these very bytes; the engine sends them canonical.

    Args:
        body: as it came.
        header: the value of ``x-inngest-signature``.
        key: the signing key, with or without its prefix.
    """
    fields = dict(part.split(b"=", 1) for part in header.split(b"&") if b"=" in part)
    time, mac = fields.get(b"t", b""), fields.get(b"s", b"")
    made = hmac.new(_bare(key).encode(), body + time, hashlib.sha256).hexdigest()
    return hmac.compare_digest(mac, made.encode())


def bearer(key: str) -> str:
    """Return the value of ``authorization`` that proves the key without telling it.

    Raises:
        ConfigError: if the key is not hexadecimal behind its prefix.
    """
    try:
        digest = hashlib.sha256(bytes.fromhex(_bare(key))).hexdigest()
    except ValueError:
        raise ConfigError(
            "INNGEST_SIGNING_KEY is not a signing key: signkey-<environment>-<hexadecimal digits>.",
            reason="invalid-keys",
            where="INNGEST_SIGNING_KEY",
        ) from None
    return f"Bearer {digest}"


def _bare(key: str) -> str:
    return _PREFIX.sub("", key)

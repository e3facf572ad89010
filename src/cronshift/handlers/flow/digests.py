"""Digests: hashing both sides of a comparison alike changes nothing of it, and a keyed one is a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    NativeObject,
    PlainValue,
    Value,
    taints_of,
)
from cronshift.handlers.flow.worlds import secret

if TYPE_CHECKING:
    from cronshift.handlers.flow.machine import Machine


def digest(_machine: Machine, arguments: Arguments) -> Value:
    """Return the value of ``createHash("sha256").update(x).digest()``: the text that went in."""
    content = (
        arguments.values[0]
        if arguments.name.endswith(("sha256", "sha1", "md5", "sha512"))
        else None
    )
    return _digesting(content if content is not None else PlainValue(""))


def _digesting(content: Value) -> NativeObject:
    def of(_machine: Machine, name: str) -> Value | None:
        if name == "update":
            return Native(name, lambda _m, a: _digesting(a.at(0)))
        return Native(name, lambda _m, _a: content)

    return NativeObject("digest", of)


def keyed_digest(_machine: Machine, arguments: Arguments) -> Value:
    """Return the value of ``createHmac("sha256", secret).update(body).digest()``: a text that only we can make."""
    made = PlainValue(secret("hmac"), taints_of(arguments.at(1), arguments.at(0)))

    def of(_machine: Machine, name: str) -> Value | None:
        if name == "update":
            return Native(name, lambda _m, _a: NativeObject("digest", of))
        return Native(name, lambda _m, _a: made)

    return NativeObject("digest", of)

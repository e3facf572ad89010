"""Python's calls that throw nothing where they fail: an answer with its status, a program with its exit status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.refusals import REFUSED, TELLING
from cronshift.handlers.flow.values import (
    FAILED,
    Arguments,
    ListValue,
    Native,
    NativeObject,
    PlainValue,
    Unknown,
    Value,
    tainted,
    text_of,
)
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.handlers.flow.ledger import Site
    from cronshift.handlers.flow.machine import Machine

_REFUSED = 500
ANSWERED = lazy_pattern(
    r"(?:^|\.)(?:requests|httpx|(?:\w*_)?(?:session|client|http)|AsyncClient|Client|Session|ClientSession)\."
    r"(get|post|put|patch|delete|request)(?=(?:\.(?:json|text|content|raise_for_status)\b.*)?$)"
)
"""A call whose result is the answer of another side, by its name, whatever is read of it at once."""
_ASKING = {
    "requests",
    "httpx",
    "aiohttp",
    "requests_oauthlib",
    "curl_cffi",
    "cloudscraper",
    "niquests",
}
_OTHERS = lazy_pattern(
    r"redis|cache|kv_|s3|mongo|storage|bucket|queue|firestore|dynamo|supabase|elastic|search|boto",
    re.IGNORECASE,
)
"""Clients of others, whose ``delete`` and ``get`` throw."""
_RUN = lazy_pattern(r"(?:^|\.)(?:run|call|system)$")
_TOLD = TELLING | {"errors", "success", "message", "detail", "code", "error_code", "description"}
"""What a body says of a failure."""
_BODIES = {"text", "content"}


def asks(site: Site) -> bool:
    """Return whether a call's result is the answer of another side, whatever its status."""
    if ANSWERED.search(site.name) is None:
        return False
    package = site.package.partition(".")[0]
    return package in _ASKING if package else _OTHERS.search(site.name) is None


def request_of(name: str) -> str:
    """Return the name of a request alone: ``requests.get`` of ``requests.get.json.get``."""
    head = ANSWERED.search(name)
    return name[: head.end()] if head is not None else name


def is_program(site: Site) -> bool:
    """Return whether a call runs a program and gives its exit status."""
    return site.package in {"subprocess", "os"} and _RUN.search(site.name) is not None


def refused_python_answer(name: str) -> Value:
    """Return the result of a call that failed: the answer 500, or a program with its exit status."""
    if _RUN.search(name):
        return PlainValue(1, FAILED) if not name.endswith("run") else _ended(name)
    members: dict[str, Value] = {
        "status_code": PlainValue(_REFUSED, FAILED),
        "status": PlainValue(_REFUSED, FAILED),
        "ok": PlainValue(value=False, taints=FAILED),
        "is_success": PlainValue(value=False, taints=FAILED),
        "is_error": PlainValue(value=True, taints=FAILED),
        "raise_for_status": Native("raise_for_status", _raise),
    }

    def of(machine: Machine, member: str) -> Value:
        if member == "json":
            return Native(member, lambda _m, _a: NativeObject("refusal", _of_body, data=REFUSED))
        machine.ledger.heard = machine.ledger.heard or member not in _BODIES
        return members.get(member) or Unknown(name=member)

    return NativeObject(name, of, data=REFUSED)


def _ended(name: str) -> Value:
    """Return a completed process whose program failed."""
    members: dict[str, Value] = {
        "returncode": PlainValue(1, FAILED),
        "check_returncode": Native("check_returncode", _raise),
    }

    def of(machine: Machine, member: str) -> Value:
        machine.ledger.heard = machine.ledger.heard or member == "stderr"
        return members.get(member) or Unknown(name=member)

    return NativeObject(name, of, data=REFUSED)


def _of_body(machine: Machine, member: str) -> Value:
    """Return a member of the body of a refusal, which has none of what is expected."""
    if member == "get":
        return Native(member, _left_out)
    if member in _TOLD:
        machine.ledger.heard = True
        return Unknown(FAILED)
    raise Thrown(Unknown(FAILED, name="error"))


def _left_out(machine: Machine, arguments: Arguments) -> Value:
    """Return the default of what a refusal does not say."""
    machine.ledger.heard = machine.ledger.heard or text_of(arguments.at(0)) in _TOLD
    default = arguments.values[1] if len(arguments.values) > 1 else PlainValue(None)
    return default if isinstance(default, ListValue) else tainted(default, FAILED)


def _raise(_machine: Machine, arguments: Arguments) -> Value:
    raise Thrown(Unknown(FAILED, name="error"), arguments.place)

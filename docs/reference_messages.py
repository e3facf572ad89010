"""The page of every message that an error or a fact may have, with its remedy, read from the sources."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cronshift
from cronshift import errors
from cronshift.errors import CronshiftError, Reason
from cronshift.readiness.doctor.kinds import KINDS as ASKED
from cronshift.readiness.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
HOUSE = Path(cronshift.__file__).parent
_REASONS = {reason.value: reason for reason in Reason}
_DEFAULTS = {
    name: Reason(member.default_reason)
    for name, member in vars(errors).items()
    if isinstance(member, type) and issubclass(member, CronshiftError)
}
_CATALOGUES = {"Kind", "_kind", "Rule"}


class Raised(NamedTuple):
    """A place that makes an error: its message and its hint, with ``…`` for what is filled in."""

    reason: Reason
    message: str
    hint: str = ""


def messages_page() -> Iterator[str]:
    """Yield the page, a heading for each reason and a row for each fact."""
    remedies = tomllib.loads((HERE / "remedies.toml").read_text())
    places = raised()
    yield "# Troubleshooting\n"
    yield "An error is one sentence, a hint with the next command, and a reason that stays the same:"
    yield "`--json` prints it as `error.reason`. Look for the reason here, or for words of the sentence; `…` stands for"
    yield "what is filled in. `-v` adds where in the code it came from.\n"
    yield "What `audit` and `validate` find is under [findings](findings.md), what `doctor`, `status` and `cutover`"
    yield "look at under [facts](#facts)."
    for reason in Reason:
        yield f"\n## {reason.value}\n\n{reason.meaning}\n"
        yield from _reason_rows(list(dict.fromkeys(places[reason])), remedies.get(reason.value))
    yield "\n## Facts\n\nWhat a move depends on, and what `doctor` asks. A remedy stands with the fact itself: each is"
    yield "known good, known bad or not known, with its evidence.\n"
    yield "| code | fact | has to be so | refused as |\n|---|---|---|---|"
    for kind in (*KINDS, *ASKED):
        told = f"[`{kind.refusal}`](#{kind.refusal})"
        yield f"| {kind.code} | `{kind.name}` | {kind.summary} | {told} |"


def _reason_rows(places: list[Raised], remedy: str | None) -> Iterator[str]:
    """Yield the messages of a reason, each with its hint, and what to do about all of them.

    Raises:
        ValueError: where nothing says what to do.
    """
    if not remedy and not any(place.hint for place in places):
        raise ValueError("a reason without a remedy: docs/remedies.toml")
    messages = [place for place in places if place.message]
    for place in messages:
        hint = f" → {place.hint}" if place.hint else ""
        yield f"- *{place.message}*{hint}"
    if remedy:
        yield f"\n**What to do.** {remedy}"


def raised() -> dict[Reason, list[Raised]]:
    """Return every place of the sources that makes an error, by its reason."""
    places: dict[Reason, list[Raised]] = defaultdict(list)
    for file in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call) and (place := _place(node)):
                places[place.reason].append(place)
    return places


def _place(call: ast.Call) -> Raised | None:
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    words = [*call.args, *(options[name] for name in ("message", "reason") if name in options)]
    reasons = [reason for node in words if (reason := _reason(node))]
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    reason = reasons[0] if reasons else _DEFAULTS.get(name)
    if reason is None or name in _CATALOGUES or ("reason" in options and not reasons):
        return None
    texts = [_text(node) for node in words if not _reason(node)]
    message = next((text for text in texts if " " in text), "")
    return Raised(
        reason, _plain(message), _plain(_text(options["hint"]) if "hint" in options else "")
    )


def _reason(node: ast.expr) -> Reason | None:
    match node:
        case ast.Attribute(value=ast.Name(id="Reason"), attr=name):
            return Reason.__members__.get(name)
        case ast.Constant(value=str(text)):
            return _REASONS.get(text)
    return None


def _text(node: ast.expr) -> str:
    """Return the text that an expression makes, with ``…`` for what it fills in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + _text(right)
        case ast.IfExp(body=body):
            return _text(body)
    return "…"


def _plain(text: str) -> str:
    """Return a text without what Markdown would take for its own."""
    shown = re.sub(r"(?:\s*…){2,}", " …", " ".join(text.split())).strip()
    return "" if shown == "…" else re.sub(r"([*_<|\[\]#])", r"\\\1", shown)

"""Python source from data: literals, and calls laid out as ``ruff format`` leaves them.

Everything that comes from a user's file goes through :func:`literal` or :func:`url`; both give
printable ASCII only, so no text can leave its quotes, its docstring or its line.
"""

from __future__ import annotations

import textwrap
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH = 88  # ruff's and black's default
_INDENT = 4
_URL_SAFE = "/?#[]@!$&'()*+,;=:%~ "
_UNITS = {"days": timedelta(days=1), "hours": timedelta(hours=1), "minutes": timedelta(minutes=1)}


class Group(Struct, frozen=True):
    """A bracketed list of things; on one line where it fits."""

    opening: str
    items: tuple[tuple[str, Expression], ...]
    closing: str


Expression = str | Group


def literal(value: str | int) -> str:
    """Return the literal of ``value`` in ASCII, with the quotes that ``ruff format`` prefers."""
    if isinstance(value, int):
        return repr(value)
    text = ascii(value)
    if text[0] == '"' or value.count('"') > value.count("'"):
        return text
    return '"' + text[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def duration(value: timedelta) -> Expression:
    """Return the ``timedelta`` call with the largest unit that divides ``value``."""
    for unit, size in _UNITS.items():
        if not value % size:
            return call("timedelta", **{unit: literal(value // size)})
    if not value.microseconds:
        return call("timedelta", seconds=literal(value // timedelta(seconds=1)))
    return call("timedelta", microseconds=literal(value // timedelta(microseconds=1)))


def call(name: str, *arguments: Expression, **keywords: Expression) -> Group:
    """Return the call of ``name``; the arguments are source already."""
    named = tuple((f"{key}=", value) for key, value in keywords.items())
    return Group(f"{name}(", (*(("", value) for value in arguments), *named), ")")


def listed(values: Iterable[Expression]) -> Group:
    """Return a list; its elements are source already."""
    return Group("[", tuple(("", value) for value in values), "]")


def laid_out(expression: Expression, *, before: str = "", after: str = "", indent: int = 0) -> str:
    """Return the source of ``expression`` as it reads between ``before`` and ``after``.

    Broken into one item a line, with a last comma, where one line would be longer than WIDTH.
    """
    flat = _flat(expression)
    short = indent + len(before) + len(flat) + len(after) <= WIDTH
    if isinstance(expression, str) or short:
        return f"{before}{flat}{after}"
    inner = " " * (indent + _INDENT)
    lines = [
        inner + laid_out(item, before=name, after=",", indent=indent + _INDENT)
        for name, item in expression.items
    ]
    return "\n".join(
        [f"{before}{expression.opening}", *lines, f"{' ' * indent}{expression.closing}{after}"]
    )


def url(text: str, longest: int = 70) -> str:
    """Return a path or a file's name as a URL spells it, cut where it is too long for a line."""
    quoted = quote(text, safe=_URL_SAFE, errors="surrogatepass")
    return quoted if len(quoted) <= longest else f"{quoted[: longest - 3]}..."


def paragraph(text: str) -> str:
    """Return ``text`` in lines of at most WIDTH characters; words stay whole."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _flat(expression: Expression) -> str:
    if isinstance(expression, str):
        return expression
    items = ", ".join(f"{name}{_flat(item)}" for name, item in expression.items)
    return f"{expression.opening}{items}{expression.closing}"

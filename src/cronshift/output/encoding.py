"""Stand-ins where the terminal or the pipe has no Unicode: a near sign, or its number.

Python's own stand-ins fail a program in the middle of its output, or break a JSON document.
"""

from __future__ import annotations

import codecs
import io
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TextIO

_STAND_INS = "cronshift-stand-ins"
_SIGNS = {
    "→": "->",
    "·": "-",
    "…": "...",
    "✓": "+",
    "✗": "x",
    "◷": "~",
    "\N{EN DASH}": "-",
    "—": "-",
    "\N{MULTIPLICATION SIGN}": "x",
    "≥": ">=",
    "≤": "<=",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "“": '"',
    "”": '"',
    "\N{NO-BREAK SPACE}": " ",
    **dict(zip("▁▂▃▄▅▆▇█", "12345678", strict=True)),
    **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("─━", "-"),
    **dict.fromkeys("├└┌┐┘┤┬┴┼╭╮╰╯", "+"),
}


def stand_in(error: UnicodeError) -> tuple[str, int]:
    """Return the stand-in for the first sign that an encoding lacks, and the place behind it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    sign = error.object[error.start]
    escaped = sign.encode("ascii", "backslashreplace").decode()
    return _SIGNS.get(sign, escaped), error.start + 1


def print_whatever() -> None:
    """Have stdout and stderr print any text, whatever their encoding is."""
    codecs.register_error(_STAND_INS, stand_in)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_STAND_INS)


def has_unicode(stream: TextIO) -> bool:
    """Return whether a stream can print every sign."""
    try:
        return codecs.lookup(stream.encoding or "ascii").name.startswith("utf")
    except LookupError:
        return False


def json_text(data: Any, *, indent: int | None = 2) -> str:
    """Return a JSON document for stdout, with a ``version`` and a line's end.

    What stdout cannot print, and the halves of signs in the names of files, are escaped as JSON does it.
    """
    if isinstance(data, dict):
        data = {"version": 1, **data}
    text = json.dumps(data, indent=indent, ensure_ascii=not has_unicode(sys.stdout))
    return text.encode("utf-8", "backslashreplace").decode() + "\n"

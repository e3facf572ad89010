"""Values as TypeScript source."""

from __future__ import annotations

import json
import posixpath
import re

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def text(value: str) -> str:
    """Return a literal of a text, whatever is in it."""
    return json.dumps(value)


def key(name: str) -> str:
    """Return a text as the key of an object literal; one like any other, whatever is in it."""
    if name == "__proto__":
        return f"[{text(name)}]"
    return name if _PLAIN_KEY.fullmatch(name) else text(name)


def relative(target: str, file: str) -> str:
    """Return how a file imports another one; both are POSIX paths from the project's root."""
    path = posixpath.relpath(target, posixpath.dirname(file))
    return path if path.startswith(".") else f"./{path}"


def in_comment(value: str) -> str:
    """Return a text that cannot end the comment it stands in."""
    return json.dumps(value)[1:-1].replace('\\"', '"').replace("*/", "*\\/")

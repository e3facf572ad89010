"""Values as TypeScript source."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def text(value: str) -> str:
    """Return a string literal."""
    return json.dumps(value)


def key(name: str) -> str:
    """Return a text as the key of an object literal; one like any other, whatever is in it."""
    if name == "__proto__":
        return f"[{text(name)}]"
    return name if _PLAIN_KEY.fullmatch(name) else text(name)


def in_template(value: str) -> str:
    """Return what stands for a text inside a template literal."""
    return text(value)[1:-1].replace('\\"', '"').replace("`", "\\`").replace("${", "\\${")


def data(value: object) -> str:
    """Return a literal of what JSON can say."""
    return json.dumps(value)


def record(values: Mapping[str, Any]) -> str:
    """Return an object literal on one line."""
    return "{ " + ", ".join(f"{key(name)}: {data(value)}" for name, value in values.items()) + " }"


def comment(words: str) -> str:
    """Return a text that cannot end the comment it stands in."""
    return json.dumps(words)[1:-1].replace('\\"', '"').replace("*/", "*\\/")

"""Values as TypeScript source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def text(value: str) -> str:
    """Return a string literal."""
    return json.dumps(value)


def in_template(value: str) -> str:
    """Return what stands for a text inside a template literal."""
    return text(value)[1:-1].replace('\\"', '"').replace("`", "\\`").replace("${", "\\${")


def data(value: object) -> str:
    """Return a literal of what JSON can say."""
    return json.dumps(value)


def record(values: Mapping[str, Any]) -> str:
    """Return an object literal on one line; its keys are names."""
    return "{ " + ", ".join(f"{key}: {json.dumps(value)}" for key, value in values.items()) + " }"


def comment(words: str) -> str:
    """Return a text that cannot end the comment it stands in."""
    return json.dumps(words)[1:-1].replace('\\"', '"').replace("*/", "*\\/")

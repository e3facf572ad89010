"""The events' JSON Schemas as TypeScript types, so that both languages send the same."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


def typescript(name: str, schema: Mapping[str, Any]) -> str:
    """Return the exported type of an event's data.

    Args:
        name: the event's; ``session.requested`` becomes ``SessionRequested``.
        schema: of an object whose properties are scalars.

    Raises:
        KeyError: for a property of another type; our own schemas have none.
    """
    required = set(schema.get("required", ()))
    lines = [
        f"  {key}{'' if key in required else '?'}: {_SCALARS[value['type']]};"
        for key, value in schema["properties"].items()
    ]
    title, text = schema["title"], schema["description"]
    body = "\n".join(lines)
    return f"/** {title}. {text} */\nexport type {type_name(name)} = {{\n{body}\n}};\n"


def rules(schema: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield every property with the TypeScript conditions that its ``value`` must meet.

    Raises:
        KeyError: as :func:`typescript`.
    """
    for key, rule in schema["properties"].items():
        yield key, list(_conditions(rule))


def _conditions(rule: Mapping[str, Any]) -> Iterator[str]:
    yield f'typeof value === "{_SCALARS[rule["type"]]}"'
    if rule["type"] == "integer":
        yield "Number.isInteger(value)"
    for name, condition in (
        ("minLength", "value.length >= {}"),
        ("maxLength", "value.length <= {}"),
        ("pattern", "new RegExp({}).test(value)"),
        ("minimum", "value >= {}"),
        ("maximum", "value <= {}"),
    ):
        if name in rule:
            yield condition.format(json.dumps(rule[name]))


def required_keys(schema: Mapping[str, Any]) -> list[str]:
    """Return the properties that may not be missing."""
    return list(schema.get("required", ()))


def type_name(event: str) -> str:
    """Return the TypeScript name of an event's type."""
    return "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", event))

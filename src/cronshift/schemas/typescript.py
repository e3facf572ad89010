"""The events' JSON Schemas as TypeScript types, so that both languages send the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    title, said = schema["title"], schema["description"]
    body = "\n".join(lines)
    return f"/** {title}. {said} */\nexport type {type_name(name)} = {{\n{body}\n}};\n"


def type_name(event: str) -> str:
    """Return the TypeScript name of an event's type."""
    return "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", event))

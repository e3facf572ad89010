"""The JSON Schemas of events, in one place: ``events/<name>.json``."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


class InvalidEventError(ValueError):
    """An event's data does not fit its schema; the message names no value."""


def check_event(name: str, data: Any) -> dict[str, Any]:
    """Return an event's data, once its schema allows it.

    Raises:
        InvalidEventError: telling where the data is wrong, and never what stands there.
    """
    import jsonschema

    try:
        _validator(name).validate(data)
    except jsonschema.ValidationError as error:
        place = ".".join(str(part) for part in error.absolute_path) or "data"
        raise InvalidEventError(f"{name}: {place} breaks the rule {error.validator!r}") from None
    return dict(data)


@cache
def event_schema(name: str) -> Any:
    """Return the JSON Schema of an event's data."""
    return json.loads(files("cronshift.sessions.events").joinpath(f"{name}.json").read_text())


@cache
def _validator(name: str) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(event_schema(name))

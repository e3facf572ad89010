"""The JSON Schema of cronshift.toml, and what is wrong with a document in one sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.model import PYTHON_KINDS, FanOutMode, Overlap, ServedBy
from cronshift.schedule.durations import parse_duration
from cronshift.targets import target_names

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT = {"type": "string", "minLength": 1}
_ENV = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
_ID = "^[a-z0-9]+(-[a-z0-9]+)*$"
_DURATION = {"type": "string", "format": "duration"}
_NO_DURATION = {"anyOf": [_DURATION, {"const": False}]}
_COUNT = {"type": "integer", "minimum": 1}
_MODE = {"enum": ["auto", "direct", "bridge"]}


def _table(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_HANDLER = {"type": "string", "pattern": "^[^:]+:[A-Za-z_][\\w.]*$"}
_OPTIONS = {
    "retries": {"type": "integer", "minimum": 0, "maximum": 20},
    "start_timeout": _NO_DURATION,
    "finish_timeout": _NO_DURATION,
    "concurrency": {"anyOf": [_COUNT, {"const": False}]},
    "overlap": {"enum": [overlap.value for overlap in Overlap]},
    "throttle": _table(
        {"limit": _COUNT, "period": _DURATION, "key": _TEXT, "burst": _COUNT}, "limit", "period"
    ),
    "rate_limit": _table({"limit": _COUNT, "period": _DURATION, "key": _TEXT}, "limit", "period"),
    "idempotency": _TEXT,
    "jitter": _NO_DURATION,
    "stale_after": _NO_DURATION,
    "heartbeat": _ENV,
    "fan_out": _table(
        {
            "param": _TEXT,
            "values": {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
            "mode": {"enum": [mode.value for mode in FanOutMode]},
        },
        "param",
        "values",
    ),
}

_SUPPRESSION = _table(
    {"code": {"type": "string", "pattern": "^CS[1-6][0-9]{2}$"}, "job": _TEXT, "reason": _TEXT},
    "code",
    "reason",
)

_SESSIONS = _table(
    {
        "database_url_env": _ENV,
        **dict.fromkeys(("table", "schema", "id", "user", "status", "created", "started", "completed", "error", "queued", "finished", "failed", "legacy"), _TEXT),
        "flow": {"type": "string", "pattern": _ID},
        "times": {"anyOf": [_TEXT, _table(dict.fromkeys(("created", "started", "completed", "refunded"), _TEXT))]},
        "refunded": {
            "anyOf": [
                _TEXT,
                _table(
                    {
                        **dict.fromkeys(("table", "session", "schema"), _TEXT),
                        "where": {"type": "object", "additionalProperties": _TEXT},
                    },
                    "table",
                    "session",
                ),
            ]
        },
        "user_in_event": {"enum": ["auto", "plain", "hashed"]},
        "processing": {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
        "queued_timeout": _DURATION,
        "processing_timeout": _DURATION,
        "cost": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {
                "constant": {"type": "integer", "minimum": 0},
                "column": _TEXT,
                "array_length": _TEXT,
            },
            "additionalProperties": False,
        },
        "delivered": _table({"table": _TEXT, "session": _TEXT, "schema": _TEXT}, "table", "session"),
        "credits": _table(
            {"table": _TEXT, "id": _TEXT, "balance": _TEXT, "spent": _TEXT, "schema": _TEXT},
            "table",
            "id",
            "balance",
        ),
    },
    "table", "id", "user", "status", "created", "queued", "processing", "finished", "failed",
    "cost", "credits",
)  # fmt: skip

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "cronshift.toml",
    **_table(
        {
            "project": _table(
                {
                    "vercel_config": _TEXT,
                    "target": {"type": "string", "format": "target"},
                    "out": {"type": "string", "pattern": "^[A-Za-z_]\\w*(/[A-Za-z_]\\w*)*$"},
                    "app_id": {"type": "string", "pattern": _ID},
                    "mode": _MODE,
                    "serve": {"enum": [place.value for place in ServedBy]},
                }
            ),
            "bridge": _table(
                {
                    "base_url": {
                        "type": "string",
                        "pattern": "^https?://[^/?#@\\s]+(/[^?#\\s]*)?$",
                    },
                    "base_url_env": _ENV,
                    "secret_env": _ENV,
                    "timeout": _DURATION,
                }
            ),
            "validate": _table({"compile_timeout": _DURATION, "build_timeout": _DURATION}),
            "defaults": _table(_OPTIONS),
            "sessions": _SESSIONS,
            "suppress": {"type": "array", "items": _SUPPRESSION},
            "jobs": {
                "type": "object",
                "propertyNames": {"pattern": _ID},
                "additionalProperties": _table(
                    {
                        "path": {"type": "string", "pattern": "^/"},
                        "moved": _table(
                            {
                                "path": {"type": "string", "pattern": "^/"},
                                "schedule": _TEXT,
                                "handler": _HANDLER,
                                "max_duration": {"type": "integer", "minimum": 1},
                            },
                            "path",
                            "schedule",
                        ),
                        "vercel_schedule": _TEXT,
                        "schedule": _TEXT,
                        "mode": _MODE,
                        "handler": _HANDLER,
                        "handler_kind": {"enum": sorted(kind.value for kind in PYTHON_KINDS)},
                        **_OPTIONS,
                    }
                ),
            },
        }
    ),
}


def problems(document: Mapping[str, Any]) -> list[str]:
    """Return a sentence for everything in ``document`` that the schema does not allow."""
    import jsonschema

    checker = jsonschema.FormatChecker(formats=())
    checker.checks("duration", raises=ValueError)(
        lambda value: not isinstance(value, str) or bool(parse_duration(value))
    )
    checker.checks("target")(lambda value: value in target_names())
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=checker)
    found = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.path)))
    return [f"{_place(error)}{_sentence(error)}" for error in found]


def _place(error: Any) -> str:
    place = ".".join(str(part) for part in error.absolute_path)
    return f"`{place}` " if place else ""


def _sentence(error: Any) -> str:
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        unknown = sorted(set(error.instance) - set(known))
        return f"has unknown keys {', '.join(unknown)} (known: {', '.join(known)})"
    if error.validator == "anyOf":
        return f"is {error.instance!r}, which is neither of the allowed forms nor false"
    if error.validator == "format" and error.validator_value == "target":
        return f"is {error.instance!r}, and the targets are {' and '.join(target_names())}"
    if error.validator == "format":
        return f"is {error.instance!r}, which is no duration (write 90s, 15m, 1h30m)"
    message: str = error.message
    return f"is wrong: {message}"
